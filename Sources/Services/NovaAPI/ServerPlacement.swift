import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// Where a new server may go: its zone, and the host that administrators may name.
struct ServerPlacement: Sendable {
    let parts: APIParts

    /// - Throws: `badRequest` for zones and hosts that there are not, `forbidden` for users who name hosts.
    func place(
        _ body: JSONValue, _ request: APIRequest, _ server: inout ServerRecord, _ build: inout BuildState
    ) async throws {
        let host = body["host"]?.stringValue
        let node = body["hypervisor_hostname"]?.stringValue
        let words = body["availability_zone"]?.stringValue.map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
        guard host != nil || node != nil || words != nil else { return }
        let hosts = try await parts.database.scan { connection in
            (records: try HostTable(connection).list(), zones: try AggregateTable(connection).zones())
        }
        if host != nil || node != nil {
            try requireAdmin("compute:servers:create:requested_destination", request)
            build.requestedHost = try find(host, node, in: hosts.records)
        }
        guard let words else { return }
        guard words.count <= 3 else {
            throw NovaError(.badRequest, "Unable to parse availability zone: it has more than three parts.")
        }
        if words.count > 1 {
            try requireAdmin("os_compute_api:servers:create:forced_host", request)
            guard build.requestedHost == nil else {
                throw NovaError(
                    .badRequest,
                    "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are "
                        + "mutually exclusive.")
            }
            let forced = words[1].isEmpty ? nil : words[1]
            build.forcedHost = try find(forced, words.count > 2 ? words[2] : nil, in: hosts.records)
        }
        guard !words[0].isEmpty else { return }
        server.availabilityZone = words[0]
        let zones = hosts.records.filter { !$0.isDisabled }.map { hosts.zones.zone(of: $0.resources) }
        guard build.forcedHost != nil || zones.contains(words[0]) else {
            throw NovaError(.badRequest, "The requested availability zone is not available")
        }
    }

    /// The host of a host's or a hypervisor's name, or of both.
    private func find(_ host: String?, _ node: String?, in hosts: [HostRecord]) throws -> String {
        let found = hosts.first { record in
            (host.map { $0 == record.resources.host } ?? true) && (node.map { $0 == record.resources.node } ?? true)
        }
        guard let found else {
            throw NovaError(.badRequest, "Compute host \(host ?? node ?? "") could not be found.")
        }
        return found.resources.host
    }

    private func requireAdmin(_ rule: String, _ request: APIRequest) throws {
        guard try request.caller.isAdmin else {
            throw NovaError(.forbidden, "Policy doesn't allow \(rule) to be performed.")
        }
    }
}
