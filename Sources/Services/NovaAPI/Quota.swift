import NovaConfig
import NovaCore
import NovaModel

/// What a project may use.
///
/// Usage is a query, never a stored counter.
struct Quota: Sendable {
    let instances: Int64
    let cores: Int64
    let memoryMB: Int64
    let keyPairs: Int64
    let metadataItems: Int64
    private let unlimitedProjects: Set<String>

    init(_ config: Configuration) {
        instances = Int64(config[APIOptions.quotaInstances])
        cores = Int64(config[APIOptions.quotaCores])
        memoryMB = Int64(config[APIOptions.quotaRAM])
        keyPairs = Int64(config[APIOptions.quotaKeyPairs])
        metadataItems = Int64(config[APIOptions.quotaMetadata])
        unlimitedProjects = Set(config[APIOptions.unlimitedProjects])
    }

    /// Whether a project of this name has no limits.
    func isUnlimited(_ projectName: String) -> Bool { unlimitedProjects.contains(projectName) }

    /// Checks that servers of a flavor fit beside what a project uses.
    ///
    /// - Throws: `overQuota`, in Nova's words, naming every resource that is short.
    func check(
        adding count: Int64, of flavor: Flavor, to usage: (servers: Int64, cores: Int64, memoryMB: Int64)
    ) throws {
        let needs: [(name: String, wanted: Int64, used: Int64, limit: Int64)] = [
            ("cores", flavor.vcpus &* count, usage.cores, cores), ("instances", count, usage.servers, instances),
            ("ram", flavor.memoryMB &* count, usage.memoryMB, memoryMB),
        ]
        let short = needs.filter { $0.limit >= 0 && $0.wanted &+ $0.used > $0.limit }
        guard !short.isEmpty else { return }
        func list(_ values: [Int64]) -> String { values.map(String.init).joined(separator: ", ") }
        let names = short.map(\.name).joined(separator: ", ")
        throw NovaError(
            .overQuota,
            "Quota exceeded for \(names): Requested \(list(short.map(\.wanted))), but already used "
                + "\(list(short.map(\.used))) of \(list(short.map(\.limit))) \(names)")
    }
}
