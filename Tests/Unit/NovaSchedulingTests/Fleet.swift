import NovaCore
import NovaModel
import NovaScheduling

/// Makes hosts and requests for tests.
enum Fleet {
    static func record(_ name: String, zone: String = "nova", change: (inout HostRecord) -> Void = { _ in })
        -> HostRecord
    {
        var record = HostRecord()
        record.resources.host = name
        record.resources.node = "\(name).example"
        record.resources.providerID = .random()
        record.resources.hypervisorType = "QEMU"
        record.resources.hypervisorVersion = 7_002_000
        record.resources.availabilityZone = zone
        change(&record)
        return record
    }

    static func inventories(cpus: Int64 = 8, memory: Int64 = 16384, disk: Int64 = 100, usedMemory: Int64 = 0)
        -> [Inventory]
    {
        [
            Inventory("VCPU", total: cpus, ratio: 4),
            Inventory("MEMORY_MB", total: memory, reserved: 512, used: usedMemory),
            Inventory("DISK_GB", total: disk),
        ]
    }

    static func host(
        _ name: String, zone: String = "nova", usedMemory: Int64 = 0, isAlive: Bool = true, failedBuilds: Int64 = 0,
        ioOperations: Int64 = 0, aggregates: [Aggregate] = [], change: (inout HostRecord) -> Void = { _ in }
    ) -> HostState {
        HostState(
            record(name, zone: zone, change: change), inventories: inventories(usedMemory: usedMemory),
            isAlive: isAlive,
            ioOperations: ioOperations, failedBuilds: failedBuilds, aggregates: aggregates)
    }

    static func request(
        cpus: Int64 = 1, memory: Int64 = 512, disk: Int64 = 1, change: (inout SchedulingRequest) -> Void = { _ in }
    ) -> SchedulingRequest {
        var request = SchedulingRequest()
        request.serverID = .random()
        request.flavor.vcpus = cpus
        request.flavor.memoryMB = memory
        request.flavor.rootGB = disk
        change(&request)
        return request
    }

    static func aggregate(_ hosts: [String] = [], _ metadata: [String: String]) -> Aggregate {
        var aggregate = Aggregate()
        aggregate.hosts = hosts
        aggregate.metadata = metadata
        return aggregate
    }

    static func group(_ policy: ServerGroup.Policy, limit: Int64 = 1, on hosts: [String]) -> SchedulingGroup {
        var group = SchedulingGroup()
        group.policy = policy
        group.limitPerHost = limit
        group.memberHosts = hosts
        return group
    }

    static func image(_ properties: [String: String]) -> ImageReference {
        var image = ImageReference()
        image.properties = properties
        return image
    }

    static let weightings: [HostSelector.Weighting] = [
        .init(RAMWeigher(), 1), .init(CPUWeigher(), 1), .init(DiskWeigher(), 1), .init(IoOpsWeigher(), -1),
        .init(BuildFailureWeigher(), 1_000_000),
    ]

    static func selector(subset: Int = 1, shufflesTies: Bool = false) throws -> HostSelector {
        HostSelector(
            filters: try FilterCatalogue.filters(FilterCatalogue.defaultNames), weightings: weightings,
            subsetSize: subset, shufflesTies: shufflesTies)
    }
}
