import NovaCore
import NovaCrypto
import NovaHTTP
import NovaModel
import NovaSchema

/// What views of servers need to know of the cloud beside the rows.
struct ServerFacts: Sendable {
    var zones = ZoneMap([])
    /// The queues that have a consumer, where views show the states of hosts.
    var liveQueues: Set<String> = []
    var forcedDown: Set<String> = []
    var disabled: Set<String> = []

    /// `host_status` of a host (`spec/states.md`, "Value sets").
    func status(of host: String) -> String {
        if forcedDown.contains(host) { return "DOWN" }
        guard liveQueues.contains("compute.\(host)") else { return "UNKNOWN" }
        return disabled.contains(host) ? "MAINTENANCE" : "UP"
    }
}

/// Servers in Compute API bodies (`spec/compute-api.md`, "servers").
struct ServerView {
    let request: APIRequest
    let links: Links
    let isAdmin: Bool
    private let facts: ServerFacts
    private let hostIDs = HostIDs()

    /// Where a server is shown.
    enum Place {
        case list
        case show
        /// The answer to a change, which says less before 2.75.
        case change
    }

    init(_ request: APIRequest, _ facts: ServerFacts = ServerFacts()) {
        self.request = request
        links = Links(request)
        isAdmin = request.callerIfAny?.isAdmin ?? false
        self.facts = facts
    }

    private static let withProgress = ["ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"]

    /// id, name, links.
    func brief(_ server: ServerRecord, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", server.id.description)
            writer.field("name", server.name)
            links.write("servers", server.id.description, to: &writer)
        }
    }

    func full(_ server: ServerRecord, _ place: Place, to writer: inout JSONWriter) {
        let isExtended = place != .change || request.atLeast(75)
        writer.object { writer in
            let id = server.id.description
            let status = ServerStatus.name(server.vmState, server.taskState)
            writer.field("id", id)
            writer.field("name", server.name)
            writer.field("status", status)
            writer.field("tenant_id", server.projectID.text)
            writer.field("user_id", server.userID.text)
            writer.field(
                "metadata",
                object: { writer in
                    for (key, value) in server.metadata.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
                })
            writer.field("hostId", hostIDs.hostID(of: server))
            image(server, to: &writer)
            flavor(server, to: &writer)
            writer.field("created", server.createdAt, .seconds)
            writer.field("updated", server.updatedAt, .seconds)
            writer.field(
                "addresses", object: { addresses(server, isExtended: isExtended, to: &$0) })
            writer.field("accessIPv4", server.accessIPv4 ?? "")
            writer.field("accessIPv6", server.accessIPv6 ?? "")
            links.write("servers", id, to: &writer)
            writer.field("OS-DCF:diskConfig", server.hasAutoDiskConfig ? "AUTO" : "MANUAL")
            if Self.withProgress.contains(status) {
                writer.field("progress", server.progress)
            }
            if isExtended { extensions(server, to: &writer) }
            fault(server, status, to: &writer)
            laterFields(server, place, to: &writer)
        }
    }

    private func extensions(_ server: ServerRecord, to writer: inout JSONWriter) {
        let zone = server.host.map { facts.zones.zone(of: $0) } ?? server.availabilityZone ?? ""
        writer.field("OS-EXT-AZ:availability_zone", zone)
        writer.field("config_drive", server.hasConfigDrive ? "True" : "")
        writer.field("key_name", server.keyName)
        writer.field("OS-SRV-USG:launched_at", server.launchedAt, .micro)
        writer.field("OS-SRV-USG:terminated_at", server.terminatedAt, .micro)
        if !server.securityGroups.isEmpty {
            writer.field(
                "security_groups",
                array: { writer in
                    for group in server.securityGroups { writer.object { $0.field("name", group) } }
                })
        }
        administratorFields(server, to: &writer)
        writer.field("OS-EXT-STS:task_state", server.taskState?.rawValue)
        writer.field("OS-EXT-STS:vm_state", server.vmState.rawValue)
        writer.field("OS-EXT-STS:power_state", server.powerState.number)
        writer.field("os-extended-volumes:volumes_attached", array: { _ in })
    }

    private func image(_ server: ServerRecord, to writer: inout JSONWriter) {
        guard let image = server.imageID?.description else { return writer.field("image", "") }
        writer.field(
            "image",
            object: { writer in
                writer.field("id", image)
                links.writeBookmark("images", image, to: &writer)
                if request.atLeast(98) {
                    writer.field(
                        "properties",
                        object: { writer in
                            let properties = server.imageProperties?.properties ?? [:]
                            for (key, value) in properties.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
                        })
                }
            })
    }

    private func flavor(_ server: ServerRecord, to writer: inout JSONWriter) {
        let flavor = server.flavor
        writer.field(
            "flavor",
            object: { writer in
                guard request.atLeast(47) else {
                    writer.field("id", flavor.id)
                    links.writeBookmark("flavors", flavor.id, to: &writer)
                    return
                }
                writer.field("vcpus", flavor.vcpus)
                writer.field("ram", flavor.memoryMB)
                writer.field("disk", flavor.rootGB)
                writer.field("ephemeral", flavor.ephemeralGB)
                writer.field("swap", flavor.swapMB)
                writer.field("original_name", flavor.name)
                FlavorView.extraSpecs(flavor, to: &writer)
            })
    }

    /// The addresses by network; only those of one network when its name is given.
    func addresses(
        _ server: ServerRecord, of network: String? = nil, isExtended: Bool, to writer: inout JSONWriter
    ) {
        guard server.vmState != .building else { return }
        var names: [String] = []
        for port in server.network.ports where !names.contains(port.networkName) { names.append(port.networkName) }
        for name in names where network == nil || network == name {
            writer.field(
                name,
                array: { writer in
                    for port in server.network.ports where port.networkName == name {
                        writer.object { writer in
                            writer.field("version", port.fixedIP.utf8.contains(UInt8(ascii: ":")) ? 6 : 4)
                            writer.field("addr", port.fixedIP)
                            guard isExtended else { return }
                            writer.field("OS-EXT-IPS:type", "fixed")
                            writer.field("OS-EXT-IPS-MAC:mac_addr", port.mac)
                        }
                    }
                })
        }
    }

    private func administratorFields(_ server: ServerRecord, to writer: inout JSONWriter) {
        if isAdmin {
            writer.field("OS-EXT-SRV-ATTR:host", server.host)
            writer.field("OS-EXT-SRV-ATTR:instance_name", Self.instanceName(server))
            writer.field("OS-EXT-SRV-ATTR:hypervisor_hostname", server.node)
            if request.atLeast(3) {
                writer.field("OS-EXT-SRV-ATTR:reservation_id", server.reservationID)
                writer.field("OS-EXT-SRV-ATTR:launch_index", server.launchIndex)
                let properties = server.imageProperties?.properties ?? [:]
                writer.field("OS-EXT-SRV-ATTR:kernel_id", properties["kernel_id"] ?? "")
                writer.field("OS-EXT-SRV-ATTR:ramdisk_id", properties["ramdisk_id"] ?? "")
                writer.field("OS-EXT-SRV-ATTR:root_device_name", "/dev/vda")
                writer.field("OS-EXT-SRV-ATTR:user_data", server.userData)
            }
        }
        if request.atLeast(90) || (isAdmin && request.atLeast(3)) {
            writer.field("OS-EXT-SRV-ATTR:hostname", server.hostname)
        }
        if isAdmin, request.atLeast(16) {
            writer.field("host_status", server.host.map { facts.status(of: $0) } ?? "")
        }
    }

    private func fault(_ server: ServerRecord, _ status: String, to writer: inout JSONWriter) {
        guard let fault = server.fault, status == "ERROR" || status == "DELETED" else { return }
        writer.field(
            "fault",
            object: { writer in
                writer.field("code", fault.code)
                writer.field("created", fault.createdAt.iso8601)
                writer.field("message", fault.message)
                if isAdmin || fault.code != 500, !fault.details.isEmpty { writer.field("details", fault.details) }
            })
    }

    private func laterFields(_ server: ServerRecord, _ place: Place, to writer: inout JSONWriter) {
        if request.atLeast(9) { writer.field("locked", server.isLocked) }
        if request.atLeast(19) { writer.field("description", server.text) }
        if request.atLeast(26) { writer.field("tags", server.tags) }
        if request.atLeast(63) { writer.null("trusted_image_certificates") }
        if request.atLeast(71), place != .list {
            writer.field("server_groups", server.serverGroupID.map { [$0.description] } ?? [])
        }
        if request.atLeast(73) { writer.field("locked_reason", server.lockedReason) }
        if request.atLeast(96) { writer.field("pinned_availability_zone", server.availabilityZone) }
        if request.atLeast(100) {
            // What cannot be read is shown as no hints: it was checked before it was stored.
            let hints = server.schedulerHints.flatMap { try? JSONValue.parse(text: $0) }
            writer.field("scheduler_hints", hints ?? .object(JSONObject()))
        }
    }

    /// `instance-%08x` of the sequence number: the domain's name and what operators grep for.
    static func instanceName(_ server: ServerRecord) -> String {
        let number = UInt64(clamping: server.sequence)
        let digits = max(8, (67 - number.leadingZeroBitCount) / 4)
        return String(unsafeUninitializedCapacity: 25) { buffer in
            for (at, byte) in "instance-".utf8.enumerated() { buffer[at] = byte }
            for place in 0..<digits {
                let digit = number >> UInt64(4 * (digits - place - 1)) & 0xF
                buffer[9 + place] = Hex.digit(UInt8(truncatingIfNeeded: digit))
            }
            return 9 + digits
        }
    }
}
