import NovaAudit
import NovaCore
import NovaInterfaces
import NovaModel
import Testing

/// Each kind of drift is found, and nothing else.
@Suite("Reconcilers")
struct ReconcilerTests {
    @Test("a cloud as it should be has no drift")
    func clean() {
        #expect(Cloud().kinds == [])
    }

    @Test("the host's power state wins")
    func powerState() {
        var cloud = Cloud()
        cloud.facts.powerState = .shutdown
        #expect(cloud.kinds == ["power-state-differs"])
        #expect(cloud.drifts.first?.heal == .setPowerState(cloud.server, .running))
    }

    @Test("what is left of a deleted server is removed")
    func deletedServer() {
        var cloud = Cloud()
        cloud.delete()
        #expect(
            cloud.kinds == ["allocation-of-deleted-server", "instance-of-deleted-server", "port-of-deleted-server"])
        #expect(cloud.drifts.allSatisfy { $0.isSafe })
        #expect(
            cloud.drift("instance-of-deleted-server")?.heal == .removeInstance(cloud.server, host: "h1"))
    }

    @Test("what belongs to a server that the database does not know is an operator's to judge, while a host has it")
    func unknownServer() {
        var cloud = Cloud()
        cloud.forget()
        #expect(
            cloud.kinds == ["allocation-of-unknown-server", "instance-without-server", "port-of-unknown-server"])
        #expect(cloud.drifts.allSatisfy { !$0.isSafe })
        // Nowhere: then nobody needs what it holds.
        cloud.picture.contents["h1"]?.instances = []
        #expect(cloud.kinds == ["allocation-of-unknown-server", "port-of-unknown-server"])
        #expect(cloud.drifts.allSatisfy { $0.isSafe })
        // A host that does something to it has it, whatever that is.
        cloud.picture.contents["h1"]?.instances = [HostedInstance(cloud.server, nil, hasFolder: false, isBusy: true)]
        #expect(cloud.kinds == ["allocation-of-unknown-server", "port-of-unknown-server"])
        #expect(cloud.drifts.allSatisfy { !$0.isSafe })
        // A host that does not answer may have it.
        cloud.picture.contents = [:]
        #expect(cloud.drifts.allSatisfy { !$0.isSafe })
        // No host at all: a database that has lost them.
        cloud.picture.hosts = []
        #expect(cloud.drifts.filter { $0.kind.hasSuffix("unknown-server") }.count == 2)
        #expect(cloud.drifts.filter { $0.kind.hasSuffix("unknown-server") }.allSatisfy { !$0.isSafe })
    }

    @Test("what a host does something to is no drift")
    func busyOnHost() {
        var cloud = Cloud()
        cloud.picture.contents["h1"]?.instances = [HostedInstance(cloud.server, .paused, hasFolder: true, isBusy: true)]
        #expect(cloud.kinds == [])
        cloud.picture.contents["h1"]?.instances = [HostedInstance(cloud.server, nil, hasFolder: true, isBusy: true)]
        #expect(cloud.kinds == [])
        // It is no proof that the copy on another host is needed by nobody.
        cloud.picture.contents["h1"]?.instances[0] = HostedInstance(
            cloud.server, .running, hasFolder: true, isBusy: true)
        cloud.picture.contents["h2"] = CloudPicture.HostContents()
        cloud.picture.contents["h2"]?.instances = [HostedInstance(cloud.server, .running, hasFolder: true)]
        #expect(cloud.kinds == ["instance-on-wrong-host"])
        #expect(cloud.drifts.allSatisfy { !$0.isSafe })
    }

    @Test("an instance on a second host is safe to remove only when the server's own host has it")
    func wrongHost() {
        var cloud = Cloud()
        cloud.picture.contents["h2"] = CloudPicture.HostContents()
        cloud.picture.contents["h2"]?.instances = [HostedInstance(cloud.server, .running, hasFolder: true)]
        #expect(cloud.kinds == ["instance-on-wrong-host"])
        #expect(cloud.drifts.first?.isSafe == true)
        cloud.picture.contents["h1"]?.instances = []
        #expect(cloud.kinds == ["instance-missing", "instance-on-wrong-host"])
        #expect(cloud.drifts.allSatisfy { !$0.isSafe })
    }

    @Test("a disk without an instance, of a server that is gone")
    func disks() {
        var cloud = Cloud()
        let deleted = ServerID.random()
        let unknown = ServerID.random()
        cloud.picture.deleted[deleted] = Cloud.longAgo
        cloud.picture.contents["h1"]?.instances += [
            HostedInstance(deleted, nil, hasFolder: true), HostedInstance(unknown, nil, hasFolder: true),
        ]
        #expect(cloud.kinds == ["disk-of-deleted-server", "disk-without-server"])
        #expect(cloud.drift("disk-of-deleted-server")?.isSafe == true)
        #expect(cloud.drift("disk-without-server")?.isSafe == false)
    }

    @Test("a server whose host lost it")
    func missing() {
        var cloud = Cloud()
        cloud.picture.contents["h1"]?.instances = []
        #expect(cloud.kinds == ["instance-missing"])
        // Nothing is known of a host that does not answer.
        cloud.picture.contents = [:]
        #expect(cloud.kinds == [])
    }

    @Test("an image that no disk has needed for a day")
    func images() {
        var cloud = Cloud()
        var image = HostedImage()
        image.name = "image.raw"
        image.usedAt = Cloud.longAgo
        cloud.picture.contents["h1"]?.images = [image]
        #expect(cloud.kinds == ["image-unused"])
        cloud.picture.contents["h1"]?.images[0].isUsed = true
        #expect(cloud.kinds == [])
        cloud.picture.contents["h1"]?.images[0].isUsed = false
        cloud.picture.contents["h1"]?.images[0].usedAt = Cloud.now.adding(seconds: -100)
        #expect(cloud.kinds == [])
    }

    @Test("a server without an allocation gets one; a consumer without one is forgotten")
    func allocations() {
        var cloud = Cloud()
        cloud.picture.consumers = []
        #expect(cloud.kinds == ["server-without-allocation"])
        #expect(cloud.drifts.first?.heal == .claim(cloud.server))
        var empty = ConsumerClaims()
        empty.consumer = .random()
        cloud.picture.consumers = [cloud.claims(cloud.server, cloud.provider), empty]
        #expect(cloud.kinds == ["consumer-without-allocation"])
        #expect(cloud.drifts.first?.heal == .releaseClaim(empty.consumer))
    }

    @Test("what a move that waits for its confirmation holds is no drift, and a shelved server keeps its ports")
    func moves() {
        var cloud = Cloud()
        let migration = ServerID.random()
        cloud.picture.consumers.append(cloud.claims(migration, cloud.provider))
        #expect(cloud.kinds == ["allocation-of-unknown-server"])
        cloud.picture.moves = [migration: cloud.server]
        #expect(cloud.kinds == [])
        cloud.picture.consumers = []
        cloud.picture.contents["h1"]?.instances = []
        cloud.facts.host = nil
        cloud.facts.providerID = nil
        #expect(cloud.kinds == ["ports-without-instance"])
        cloud.facts.vmState = .shelvedOffloaded
        #expect(cloud.kinds == [])
    }

    @Test("an allocation of other amounts, on another provider, or of nobody")
    func wrongAllocations() {
        var cloud = Cloud()
        cloud.picture.consumers = [cloud.claims(cloud.server, cloud.provider, vcpus: 2)]
        #expect(cloud.kinds == ["allocation-amounts-differ"])
        cloud.picture.consumers = [cloud.claims(cloud.server, .random())]
        #expect(cloud.kinds == ["allocation-on-other-provider"])
        cloud.picture.consumers = [cloud.claims(cloud.server, cloud.provider)]
        cloud.picture.consumers[0].isKnown = false
        #expect(cloud.kinds == ["allocation-without-consumer"])
        #expect(cloud.drifts.first?.isSafe == false)
    }

    @Test("a server that never came to a host holds nothing")
    func claims() {
        var cloud = Cloud()
        cloud.facts.vmState = .error
        cloud.facts.host = nil
        cloud.facts.providerID = nil
        cloud.picture.contents["h1"]?.instances = []
        #expect(cloud.kinds == ["claim-without-instance", "ports-without-instance"])
        #expect(cloud.drifts.allSatisfy { $0.isSafe })
    }

    @Test("sums that are wrong, and a provider that is no host")
    func usage() {
        var cloud = Cloud()
        var difference = UsageDifference()
        difference.providerID = cloud.provider
        difference.resourceClass = "VCPU"
        cloud.picture.usageDifferences = [difference]
        #expect(cloud.kinds == ["usage-differs"])
        cloud.picture.usageDifferences = []
        var stranger = ProviderState()
        stranger.providerID = .random()
        cloud.picture.providers.append(stranger)
        #expect(cloud.kinds == ["provider-without-host"])
    }

    @Test("the row's view of the network follows the network service")
    func network() {
        var cloud = Cloud()
        var binding = cloud.picture.ports[0].port
        binding.fixedIP = "10.0.0.9"
        cloud.picture.ports = [cloud.port(cloud.server, binding)]
        #expect(cloud.kinds == ["network-info-stale"])
        #expect(cloud.drifts.first?.heal == .setNetwork(cloud.server, NetworkInfo([binding])))
        #expect(cloud.drifts.first?.isSafe == true)
        // One more is taken over as well.
        var second = PortBinding()
        second.portID = .random()
        cloud.picture.ports.append(cloud.port(cloud.server, second))
        #expect(cloud.drifts.map(\.isSafe) == [true])
        // A port that the row has and the network service does not is an operator's to judge.
        cloud.picture.ports = [cloud.port(cloud.server, second)]
        #expect(cloud.kinds == ["network-info-stale"])
        #expect(cloud.drifts.map(\.isSafe) == [false])
        #expect(cloud.drifts.first?.remedy.contains("--also network-info-stale") == true)
    }

    @Test("a task that nobody does ends")
    func tasks() {
        var cloud = Cloud()
        cloud.facts.taskState = .poweringOff
        #expect(cloud.kinds == ["task-without-workflow"])
        cloud.facts.taskState = nil
        cloud.facts.vmState = .building
        #expect(cloud.kinds == ["task-without-workflow"])
    }

    @Test("a daemon that has said nothing for a day; a compute host is not forgotten")
    func services() {
        var cloud = Cloud()
        var service = ServiceRecord()
        service.binary = "nova-scheduler"
        service.updatedAt = Cloud.longAgo
        cloud.picture.services = [service]
        #expect(cloud.kinds == ["service-silent"])
        #expect(cloud.drifts.first?.isSafe == true)
        cloud.picture.services[0].binary = "nova-compute"
        #expect(cloud.drifts.first?.isSafe == false)
    }

    @Test("a lease that nobody took over, a workflow that sleeps too long, hangs, or lost its server")
    func workflows() {
        var cloud = Cloud()
        cloud.picture.workflows = [
            cloud.workflow {
                $0.owner = "dead"; $0.leaseExpiresAt = Cloud.longAgo
            }
        ]
        #expect(cloud.kinds == ["lease-expired"])
        cloud.picture.workflows = [cloud.workflow { $0.retryAt = Cloud.now.adding(seconds: 86_400) }]
        #expect(cloud.kinds == ["workflow-asleep"])
        cloud.picture.workflows = [cloud.workflow { $0.updatedAt = Cloud.longAgo }]
        #expect(cloud.kinds == ["workflow-hangs"])
        cloud.picture.workflows = [cloud.workflow { $0.serverID = .random() }]
        #expect(cloud.kinds == ["workflow-without-server"])
        // The second of a server waits for the first.
        cloud.picture.workflows = [cloud.workflow(), cloud.workflow { $0.updatedAt = Cloud.longAgo }]
        #expect(cloud.kinds == [])
    }

    @Test("a server with an open workflow, an owed cleanup too, is left alone", arguments: ["running", "owed"])
    func busy(_ state: String) {
        var cloud = Cloud()
        cloud.delete()
        cloud.picture.workflows = [cloud.workflow { $0.state = state }]
        #expect(cloud.kinds == [])
    }

    @Test("a server that changed a moment ago is left alone")
    func recent() {
        var cloud = Cloud()
        cloud.facts.powerState = .shutdown
        cloud.facts.updatedAt = Cloud.now.adding(seconds: -10)
        #expect(cloud.kinds == [])
        cloud.delete()
        cloud.picture.deleted[cloud.server] = Cloud.now.adding(seconds: -10)
        #expect(cloud.kinds == [])
    }
}
