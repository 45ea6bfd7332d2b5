import Logging
import NovaAudit
import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore

/// Makes the picture of the cloud that reconcilers decide upon: asks each owner for its part.
struct AuditGatherer: Sendable {
    /// Hosts that are asked at the same time.
    private static let hostsAtOnce = 16
    /// How long a host may take for a page; one that is away is known at once.
    private static let hostTime = Duration.seconds(10)
    /// How long a host may take for all its pages.
    private static let wholeHostTime = Duration.seconds(60)
    /// More than any host has.
    private static let instanceLimit = 50_000
    private static let imageLimit = 10_000
    /// More pages than any part has.
    private static let pageLimit = 10_000

    let bus: RPCBus
    let database: Database
    let ages: CloudPicture.Ages
    let log: Logger

    /// The picture, and why parts of it are missing.
    func look() async throws -> (picture: CloudPicture, failures: [CloudPicture.Part: NovaError]) {
        var picture = CloudPicture(at: try await database.read { try $0.now() }, ages: ages)
        var failures: [CloudPicture.Part: NovaError] = [:]
        let context = RequestContext.system()
        do {
            picture.hosts = try await database.scan { try HostTable($0).list() }
            picture.contents = await contents(of: picture.hosts.map(\.resources.host), context)
        } catch {
            failures[.hosts] = NovaError(error)
        }
        do {
            picture.providers = try await bus.call(
                PlacementSnapshot(after: 0), to: .topic(PlacementSnapshot.topic), context: context
            ).providers
            picture.usageDifferences = try await bus.call(
                PlacementCheck(), to: .topic(PlacementCheck.topic), context: context
            ).differences
            picture.consumers = try await consumers(context)
        } catch {
            failures[.placement] = NovaError(error)
        }
        do {
            picture.ports = try await ports(context)
        } catch {
            failures[.network] = NovaError(error)
        }
        try Task.checkCancellation()
        do {
            picture = try await readDatabase(into: picture)
        } catch {
            failures[.database] = NovaError(error)
        }
        return (picture, failures)
    }

    private func contents(
        of hosts: [String], _ context: RequestContext
    ) async -> [String: CloudPicture.HostContents] {
        await withTaskGroup(of: (String, CloudPicture.HostContents?).self) { group in
            var found: [String: CloudPicture.HostContents] = [:]
            var waiting = hosts[...]
            for host in waiting.prefix(Self.hostsAtOnce) { group.addTask { (host, await contents(of: host, context)) } }
            waiting = waiting.dropFirst(Self.hostsAtOnce)
            for await (host, contents) in group {
                if let contents { found[host] = contents }
                if let next = waiting.popFirst() { group.addTask { (next, await self.contents(of: next, context)) } }
            }
            return found
        }
    }

    /// What one host has; nil when it does not answer in time or tells of more than can be.
    ///
    /// Half an answer would make things look as if they were nowhere.
    private func contents(of host: String, _ context: RequestContext) async -> CloudPicture.HostContents? {
        var contents = CloudPicture.HostContents()
        var after = ServerID.none
        let deadline = Deadline.after(Self.wholeHostTime)
        do {
            while true {
                guard !deadline.hasPassed else { throw NovaError(.timeout, "The host took too long.") }
                let page = try await bus.call(
                    ComputeInventory(after: after), to: .host(ComputeInventory.topic, host), context: context,
                    timeout: min(Self.hostTime, deadline.remaining))
                contents.instances += page.instances
                contents.images += page.images
                guard contents.instances.count <= Self.instanceLimit, contents.images.count <= Self.imageLimit else {
                    throw NovaError(.internal, "The host tells of too much.")
                }
                guard let next = page.next else { return contents }
                guard next > after else { throw NovaError(.internal, "The host tells the same again.") }
                after = next
            }
        } catch {
            log.debug("host \(host) was not looked at: \(NovaError(error))")
            return nil
        }
    }

    private func consumers(_ context: RequestContext) async throws -> [ConsumerClaims] {
        var all: [ConsumerClaims] = []
        var after = ServerID.none
        for _ in 0..<Self.pageLimit {
            var request = PlacementConsumers()
            request.after = after
            let page = try await bus.call(request, to: .topic(PlacementConsumers.topic), context: context)
            all += page.consumers
            guard let next = page.next, next > after else { break }
            after = next
        }
        return all
    }

    private func ports(_ context: RequestContext) async throws -> [ServerPort] {
        var all: [ServerPort] = []
        var after = PortID.none
        for _ in 0..<Self.pageLimit {
            let page = try await bus.call(
                NetworkPorts(after: after), to: .topic(NetworkPorts.topic), context: context)
            all += page.ports
            guard let next = page.next, next > after else { break }
            after = next
        }
        return all
    }

    /// Servers and workflows of one moment, and what became of the servers that others name.
    private func readDatabase(into picture: CloudPicture) async throws -> CloudPicture {
        try await database.scan { connection in
            var picture = picture
            let table = AuditTable(connection)
            var after = ServerID.none
            while true {
                let page = try table.servers(after: after, limit: 1000)
                for server in page { picture.servers[server.id] = server }
                guard page.count == 1000, let last = page.last else { break }
                after = last.id
            }
            picture.workflows = try table.openWorkflows()
            picture.moves = try table.moves()
            picture.services = try HostTable(connection).services()
            var named = Set(picture.workflows.map(\.serverID))
            named.formUnion(picture.consumers.map(\.consumer))
            named.formUnion(picture.ports.map(\.serverID))
            for host in picture.contents.values { named.formUnion(host.instances.map(\.serverID)) }
            for id in named where picture.servers[id] == nil { picture.deleted[id] = try table.deletion(of: id) }
            return picture
        }
    }
}
