import NovaHTTP
import NovaModel
import NovaStore

/// The order of a list of flavors: `sort_key` and `sort_dir`.
enum FlavorSorting {
    static let keys: [String: @Sendable (Flavor) -> ServerFilter.SortValue?] = [
        "created_at": { .number($0.sequence) }, "description": { $0.text.map { .text($0) } },
        "disabled": { .number($0.isDisabled ? 1 : 0) }, "ephemeral_gb": { .number($0.ephemeralGB) },
        "flavorid": { .text($0.id) }, "id": { .number($0.sequence) }, "is_public": { .number($0.isPublic ? 1 : 0) },
        "memory_mb": { .number($0.memoryMB) }, "name": { .text($0.name) }, "root_gb": { .number($0.rootGB) },
        "rxtx_factor": { .number(Int64($0.rxtxFactor.clamped * 1000)) }, "swap": { .number($0.swapMB) },
        "updated_at": { .number($0.sequence) }, "vcpu_weight": { _ in nil }, "vcpus": { .number($0.vcpus) },
    ]

    /// By the key asked for, then by id.
    static func sorted(_ flavors: [Flavor], _ request: APIRequest) -> [Flavor] {
        let value = keys[request.query("sort_key") ?? "flavorid"] ?? { .text($0.id) }
        let isDescending = request.query("sort_dir") == "desc"
        return flavors.sorted { a, b in
            let (left, right) = (value(a), value(b))
            guard left != right else { return a.id < b.id }
            guard let left else { return !isDescending }
            guard let right else { return isDescending }
            return (left < right) != isDescending
        }
    }
}

extension Double {
    /// The number within what sorting as an integer can hold.
    fileprivate var clamped: Double { isFinite ? Swift.max(-1e12, Swift.min(1e12, self)) : 0 }
}
