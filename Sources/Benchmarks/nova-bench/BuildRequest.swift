import NovaCore
import NovaWire

// The request that starts a server, in the shape that every codec of the anchors carries: 40 fields, lists of records,
// ids as 16 bytes. The values are those of the anchors' `payload.py`, so that the sizes are equal too.

struct BenchBlockDevice: Record, Equatable {
    var uuid = UUID128(high: 0, low: 0)
    var sourceType: Int64 = 0
    var destinationType: Int64 = 0
    var volumeID = UUID128(high: 0, low: 0)
    var sizeGB: Int64 = 0
    var bootIndex: Int64 = 0
    var deviceName = ""
    var deleteOnTermination = false

    init() {}
    init(_ uuid: UUID128, _ types: (Int64, Int64), volume: UUID128?, sizeGB: Int64, bootIndex: Int64, name: String) {
        self.uuid = uuid
        (sourceType, destinationType) = types
        volumeID = volume ?? volumeID
        self.sizeGB = sizeGB
        self.bootIndex = bootIndex
        deviceName = name
        deleteOnTermination = true
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("uuid", &uuid)
        visitor.visit("source_type", &sourceType)
        visitor.visit("destination_type", &destinationType)
        visitor.visit("volume_id", &volumeID)
        visitor.visit("size_gb", &sizeGB)
        visitor.visit("boot_index", &bootIndex)
        visitor.visit("device_name", &deviceName)
        visitor.visit("delete_on_termination", &deleteOnTermination)
    }
}

struct BenchNetwork: Record, Equatable {
    var networkID = UUID128(high: 0, low: 0)
    var portID = UUID128(high: 0, low: 0)
    var fixedIP = ""
    var tag = ""

    init() {}
    init(_ networkID: UUID128, port: UUID128, fixedIP: String, tag: String) {
        self.networkID = networkID
        portID = port
        self.fixedIP = fixedIP
        self.tag = tag
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("network_id", &networkID)
        visitor.visit("port_id", &portID)
        visitor.visit("fixed_ip", &fixedIP)
        visitor.visit("tag", &tag)
    }
}

struct BenchFile: Record, Equatable {
    var path = ""
    var contents = ""

    init() {}
    init(_ path: String, contents: String) {
        self.path = path
        self.contents = contents
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("path", &path)
        visitor.visit("contents", &contents)
    }
}

struct BenchLimits: Record, Equatable {
    var memoryMB: Int64 = 0
    var vcpu: Int64 = 0
    var diskGB: Int64 = 0

    init() {}
    init(memoryMB: Int64, vcpu: Int64, diskGB: Int64) {
        self.memoryMB = memoryMB
        self.vcpu = vcpu
        self.diskGB = diskGB
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("memory_mb", &memoryMB)
        visitor.visit("vcpu", &vcpu)
        visitor.visit("disk_gb", &diskGB)
    }
}

struct BuildRequest: Record, Equatable {
    var requestID = UUID128(high: 0, low: 0)
    var userID = UUID128(high: 0, low: 0)
    var projectID = UUID128(high: 0, low: 0)
    var isAdmin = false
    var roles: [String] = []
    var timestamp: Int64 = 0
    var instanceUUID = UUID128(high: 0, low: 0)
    var displayName = ""
    var hostname = ""
    var reservationID = ""
    var imageUUID = UUID128(high: 0, low: 0)
    var kernelID = ""
    var ramdiskID = ""
    var keyName = ""
    var keyFingerprint = ""
    var flavorID: Int64 = 0
    var flavorName = ""
    var vcpus: Int64 = 0
    var memoryMB: Int64 = 0
    var rootGB: Int64 = 0
    var ephemeralGB: Int64 = 0
    var swapMB: Int64 = 0
    var rxtxFactor = 0.0
    var extraSpecs: [String: String] = [:]
    var availabilityZone = ""
    var host = ""
    var node = ""
    var numInstances: Int64 = 0
    var retryHosts: [String] = []
    var configDrive = false
    var launchIndex: Int64 = 0
    var powerState: Int64 = 0
    var vmState: Int64 = 0
    var taskState: Int64 = 0
    var progress: Int64 = 0
    var blockDevices: [BenchBlockDevice] = []
    var networks: [BenchNetwork] = []
    var securityGroups: [String] = []
    var injectedFiles: [BenchFile] = []
    var limits = BenchLimits()

    init() {}

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("request_id", &requestID)
        visitor.visit("user_id", &userID)
        visitor.visit("project_id", &projectID)
        visitor.visit("is_admin", &isAdmin)
        visitor.visit("roles", &roles)
        visitor.visit("timestamp", &timestamp)
        visitor.visit("instance_uuid", &instanceUUID)
        visitor.visit("display_name", &displayName)
        visitor.visit("hostname", &hostname)
        visitor.visit("reservation_id", &reservationID)
        visitor.visit("image_uuid", &imageUUID)
        visitor.visit("kernel_id", &kernelID)
        visitor.visit("ramdisk_id", &ramdiskID)
        visitor.visit("key_name", &keyName)
        visitor.visit("key_fingerprint", &keyFingerprint)
        visitor.visit("flavor_id", &flavorID)
        visitor.visit("flavor_name", &flavorName)
        visitor.visit("vcpus", &vcpus)
        visitor.visit("memory_mb", &memoryMB)
        visitor.visit("root_gb", &rootGB)
        visitor.visit("ephemeral_gb", &ephemeralGB)
        visitor.visit("swap_mb", &swapMB)
        visitor.visit("rxtx_factor", &rxtxFactor)
        visitor.visit("extra_specs", &extraSpecs)
        visitor.visit("availability_zone", &availabilityZone)
        visitor.visit("host", &host)
        visitor.visit("node", &node)
        visitor.visit("num_instances", &numInstances)
        visitor.visit("retry_hosts", &retryHosts)
        visitor.visit("config_drive", &configDrive)
        visitor.visit("launch_index", &launchIndex)
        visitor.visit("power_state", &powerState)
        visitor.visit("vm_state", &vmState)
        visitor.visit("task_state", &taskState)
        visitor.visit("progress", &progress)
        visitor.visit("block_devices", &blockDevices)
        visitor.visit("networks", &networks)
        visitor.visit("security_groups", &securityGroups)
        visitor.visit("injected_files", &injectedFiles)
        visitor.visit("limits", &limits)
    }
}

extension BuildRequest {
    private static func uuid(_ number: UInt64) -> UUID128 {
        let high = (0x5F3A_0000 + number) << 32 | (0x1B2C + number) << 16 | 0x4000 | (0x0D0 + number)
        let low = (0x8000 | (0x0E0 + number)) << 48 | (0x9C1D_2E3F_4A00 + number)
        return UUID128(high: high, low: low)
    }

    static var sample: BuildRequest {
        var request = BuildRequest()
        request.requestID = uuid(1)
        request.userID = uuid(3)
        request.projectID = uuid(4)
        request.roles = ["member", "reader"]
        request.timestamp = 1_785_312_345_123_456
        request.instanceUUID = uuid(5)
        request.displayName = "web-frontend-042"
        request.hostname = "web-frontend-042"
        request.reservationID = "r-8k2jq0fz"
        request.imageUUID = uuid(6)
        request.keyName = "ops-key"
        request.keyFingerprint = "3f:9a:77:10:bc:de:01:42:58:6e:aa:93:0c:11:f4:27"
        request.flavorID = 7
        request.flavorName = "m1.large"
        request.vcpus = 4
        request.memoryMB = 8192
        request.rootGB = 80
        request.ephemeralGB = 20
        request.swapMB = 1024
        request.rxtxFactor = 1
        request.extraSpecs = ["hw:cpu_policy": "dedicated", "hw:mem_page_size": "large"]
        request.availabilityZone = "nova"
        request.host = "compute-17.rack3.example"
        request.node = "compute-17.rack3.example"
        request.numInstances = 1
        request.retryHosts = ["compute-03", "compute-11"]
        request.configDrive = true
        request.vmState = 2
        request.taskState = 5
        request.blockDevices = [
            BenchBlockDevice(uuid(10), (1, 2), volume: uuid(11), sizeGB: 80, bootIndex: 0, name: "/dev/vda"),
            BenchBlockDevice(uuid(12), (0, 1), volume: nil, sizeGB: 20, bootIndex: -1, name: "/dev/vdb"),
        ]
        request.networks = [BenchNetwork(uuid(20), port: uuid(21), fixedIP: "10.20.3.117", tag: "eth0")]
        request.securityGroups = ["default", "web-tier"]
        request.injectedFiles = [BenchFile("/etc/motd", contents: "V2VsY29tZSB0byB0aGUgY2xvdWQK")]
        request.limits = BenchLimits(memoryMB: 12_288, vcpu: 64, diskGB: 2_048)
        return request
    }
}
