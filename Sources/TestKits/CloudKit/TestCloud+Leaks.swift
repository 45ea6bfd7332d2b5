#if DEBUG
import NetworkFake
import NovaCompute
import NovaCore
import NovaDatabase
import NovaModel
import NovaNetwork
import NovaStore
import NovaWire
import PlacementStore

extension TestCloud {
    /// What is there that no server of the nova database explains, and what a server lacks; empty when all is well.
    ///
    /// - Parameter owed: hosts that are down: what they still owe is no leak.
    public func leaks(owedBy owed: Set<String> = []) async throws -> [String] {
        let (servers, open, moves) = try await nova.read { connection in
            (
                try ServerTable(connection).list(ServerFilter()),
                try WorkflowTable(connection).list(server: nil, openOnly: true, limit: 10_000),
                try MigrationTable(connection).list(MigrationTable.Filter())
            )
        }
        let excused = Set(open.filter { $0.state == .owed && owed.contains($0.owedHost ?? "") }.map(\.serverID))
        let expected = Set(servers.filter { $0.host != nil }.map(\.id))
        // Moves that can be taken back hold what their servers held, and shelved servers keep their ports.
        let unconfirmed = Set(moves.filter { $0.status == "finished" }.map(\.id.consumer))
        let owedMoves = Set(moves.filter { excused.contains($0.serverID) }.map(\.id.consumer))
        let shelved = Set(servers.filter { $0.vmState == .shelvedOffloaded }.map(\.id))
        var leaks: [String] = []
        for workflow in open where !excused.contains(workflow.serverID) {
            leaks.append("open workflow \(workflow.kind) \(workflow.state.rawValue) of \(workflow.serverID)")
        }
        func compare(_ what: String, _ found: [ServerID], also: Set<ServerID> = []) {
            let expected = expected.union(also)
            let excused = excused.union(owedMoves)
            for id in found where !expected.contains(id) && !excused.contains(id) {
                leaks.append("\(what) of no server: \(id)")
            }
            for id in expected where !found.contains(id) && !excused.contains(id) {
                leaks.append("no \(what) of server \(id)")
            }
            if Set(found).count != found.count { leaks.append("\(what) twice: \(found)") }
        }
        compare("allocation", try await consumers("placement", "SELECT consumer_id FROM consumers"), also: unconfirmed)
        compare(
            "port", try await consumers("network", "SELECT DISTINCT device_id FROM ports WHERE device_id <> ''"),
            also: shelved)
        let bound = try await network.read { connection in
            try connection.rows("SELECT id FROM ports WHERE bound = 1") { try PortID($0.text(0)) }.compactMap(\.self)
        }
        // A server whose workflows are excused may still give its ports back.
        let shown = Set(servers.flatMap { $0.network.ports.map(\.portID) })
        if excused.isEmpty {
            for port in Set(bound).symmetricDifference(shown) {
                leaks.append("port \(port) is \(shown.contains(port) ? "shown" : "bound") only")
            }
        }
        var domains: [ServerID] = []
        for compute in computes {
            let names = Self.names(in: "\(instances(compute))/_fake")
            domains += names.compactMap { ServerID($0) }
            for name in names where name.hasSuffix(".arrived") { leaks.append("guest that nobody has taken: \(name)") }
        }
        compare("domain", domains)
        var fences: [ServerID] = []
        for compute in computes {
            fences += try FenceFiles.live(instancesPath: instances(compute))
        }
        for id in Set(fences) where !expected.contains(id) && !excused.contains(id) {
            leaks.append("fence of no server: \(id)")
        }
        let taps = plugs.filter { !owed.contains($0.key) }.values.reduce(into: Set<PortID>()) {
            $0.formUnion($1.plugged)
        }
        for tap in taps.subtracting(shown) { leaks.append("tap of no server: port \(tap)") }
        for image in images.incomplete { leaks.append("image without data: \(image)") }
        for compute in computes {
            for name in Self.names(in: "\(instances(compute))/_snapshots") { leaks.append("snapshot file \(name)") }
        }
        let usage = try await nova.read { try ServerTable($0).usage(of: Self.project) }
        let counted = servers.count { $0.vmState != .softDeleted }
        if usage.servers != Int64(counted) {
            leaks.append("usage says \(usage.servers) of \(counted) servers")
        }
        return leaks.sorted()
    }

    private func instances(_ compute: TestDaemon) -> String { "\(folder)/\(compute.host)/instances" }

    private func consumers(_ name: String, _ sql: String) async throws -> [ServerID] {
        let database = name == "placement" ? placement : network
        return try await database.read { connection in
            try connection.rows(sql) { try ServerID($0.text(0)) }.compactMap(\.self)
        }
    }
}
#endif
