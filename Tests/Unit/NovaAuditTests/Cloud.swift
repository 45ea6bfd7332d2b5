import NovaAudit
import NovaCore
import NovaInterfaces
import NovaModel

/// A picture of a small cloud in which everything is as it should be, for tests to break.
struct Cloud {
    static let now = Timestamp(microseconds: 1_800_000_000_000_000)
    static let longAgo = now.adding(seconds: -100_000)

    var picture = CloudPicture(at: now)
    let provider = ProviderID.random()
    let server: ServerID

    init() {
        var host = HostRecord()
        host.resources.host = "h1"
        host.resources.providerID = provider
        picture.hosts = [host]
        picture.contents["h1"] = CloudPicture.HostContents()
        var state = ProviderState()
        state.providerID = provider
        state.name = "h1"
        picture.providers = [state]
        server = .random()
        var facts = ServerFacts()
        facts.id = server
        facts.vmState = .active
        facts.powerState = .running
        facts.host = "h1"
        facts.providerID = provider
        facts.flavor.vcpus = 1
        facts.flavor.memoryMB = 512
        facts.updatedAt = Self.longAgo
        var binding = PortBinding()
        binding.portID = .random()
        binding.fixedIP = "10.0.0.5"
        facts.network = NetworkInfo([binding])
        picture.servers[server] = facts
        picture.contents["h1"]?.instances = [HostedInstance(server, .running, hasFolder: true)]
        picture.consumers = [claims(server, provider)]
        picture.ports = [port(server, binding)]
    }

    func claims(_ consumer: ServerID, _ provider: ProviderID, vcpus: Int64 = 1) -> ConsumerClaims {
        var claim = ProviderClaim()
        claim.providerID = provider
        claim.resources = [ResourceAmount("MEMORY_MB", 512), ResourceAmount("VCPU", vcpus)]
        var claims = ConsumerClaims()
        claims.consumer = consumer
        claims.claims = [claim]
        return claims
    }

    func port(_ server: ServerID, _ binding: PortBinding = PortBinding()) -> ServerPort {
        var port = ServerPort()
        port.serverID = server
        port.port = binding
        return port
    }

    /// The server's facts.
    var facts: ServerFacts {
        get { picture.servers[server] ?? ServerFacts() }
        set { picture.servers[server] = newValue }
    }

    /// Makes the server one that was deleted long ago.
    mutating func delete() {
        picture.servers[server] = nil
        picture.deleted[server] = Self.longAgo
    }

    /// Makes the server one that the database does not know.
    mutating func forget() { picture.servers[server] = nil }

    /// An open workflow of the server.
    func workflow(_ change: (inout WorkflowFacts) -> Void = { _ in }) -> WorkflowFacts {
        var workflow = WorkflowFacts()
        workflow.id = .random()
        workflow.kind = "power"
        workflow.serverID = server
        workflow.state = "running"
        workflow.createdAt = Self.longAgo
        workflow.updatedAt = Self.now
        change(&workflow)
        return workflow
    }

    /// What all reconcilers find.
    var drifts: [Drift] { Reconciler.all.flatMap { $0.decide(picture) } }
    var kinds: [String] { drifts.map(\.kind).sorted() }

    /// The finding of a kind.
    func drift(_ kind: String) -> Drift? { drifts.first { $0.kind == kind } }
}
