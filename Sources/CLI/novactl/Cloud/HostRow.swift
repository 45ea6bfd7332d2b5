import NovaCore
import NovaSchema

/// A compute host with its service, its servers and its maintenance.
enum HostRow {
    /// All compute hosts.
    static func list(_ session: CloudSession) async throws -> [JSONValue] {
        let services = try await session.get(.compute, "/os-services", [("binary", "nova-compute")])
        let drains = try await session.get(.compute, "/os-nova-drains")["drains"]?.arrayValue ?? []
        let hypervisors = try await session.get(.compute, "/os-hypervisors/detail")["hypervisors"]?.arrayValue ?? []
        return (services["services"]?.arrayValue ?? []).map { service in
            let host = service["host"]?.stringValue ?? ""
            let hypervisor = hypervisors.first { $0["service"]?["host"]?.stringValue == host }
            let active = drains.first { $0["host"]?.stringValue == host && HostMoves.isActive($0) }
            return .object([
                "host": .string(host), "state": service["state"] ?? .null, "status": service["status"] ?? .null,
                "maintenance": maintenance(service, active).map { .string($0) } ?? .null,
                "servers": hypervisor?["running_vms"] ?? .null, "reason": service["disabled_reason"] ?? .null,
            ])
        }
    }

    static func find(_ session: CloudSession, _ host: String) async throws -> JSONValue {
        guard let row = try await list(session).first(where: { $0["host"]?.stringValue == host }) else {
            throw Resource.missing("host", host)
        }
        return row
    }

    /// What is done with the host; nil for one in use.
    static func maintenance(_ service: JSONValue, _ active: JSONValue?) -> String? {
        if let active {
            let words = ["drain": "draining", "evacuate": "evacuating", "return": "returning"]
            let word = words[active["kind"]?.stringValue ?? ""] ?? "moving"
            let all = (active["total"]?.integerValue ?? 0) - (active["blocked"]?.integerValue ?? 0)
            return "\(word): \(active["moved"]?.cell ?? "0") of \(all) moved"
        }
        let reason = service["disabled_reason"]?.stringValue ?? ""
        guard reason.hasPrefix("maintenance: ") else { return nil }
        return String(reason.dropFirst("maintenance: ".count))
    }
}
