import NovaCore
import NovaCrypto
import NovaModel
import NovaSchema

/// What stands on a server's config drive (`spec/metadata-api.md`); apart from all input and output.
struct ConfigDriveContents {
    private static let domain = "novalocal"
    private static let versions = [
        "2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06", "2017-02-22",
        "2018-08-27", "2020-10-14", "latest",
    ]
    private static let amazonVersions = ["2009-04-04", "latest"]

    let instance: InstanceSpec
    let facts: ConfigDriveFacts
    /// Random bytes for the guest's generator, base64.
    let seed: String

    /// The name that a guest gives itself.
    private var hostname: String {
        instance.hostname.contains(".") ? instance.hostname : "\(instance.hostname).\(Self.domain)"
    }

    private var userData: [UInt8]? {
        let text = facts.userData.reveal()
        return text.isEmpty ? nil : Base64.decode(text, ignoringLineBreaks: true)
    }

    var files: ConfigDriveFiles {
        var files = ConfigDriveFiles()
        let (userData, network) = (userData, bytes(network))
        for version in Self.versions {
            let folder = "openstack/\(version)"
            files.add("\(folder)/meta_data.json", bytes(metadata(version)))
            if let userData { files.add("\(folder)/user_data", userData) }
            if version >= "2013-10-17" { files.add("\(folder)/vendor_data.json", bytes([:])) }
            if version >= "2015-10-15" { files.add("\(folder)/network_data.json", network) }
            if version >= "2016-10-06" { files.add("\(folder)/vendor_data2.json", bytes(["static": [:]])) }
        }
        for (index, file) in facts.files.enumerated() {
            files.add(
                "openstack\(Self.contentPath(index))",
                Base64.decode(file.contents.reveal(), ignoringLineBreaks: true) ?? [])
        }
        for version in Self.amazonVersions {
            files.add("ec2/\(version)/meta-data.json", bytes(amazon))
            if let userData { files.add("ec2/\(version)/user-data", userData) }
        }
        return files
    }

    private func bytes(_ value: JSONValue) -> [UInt8] { value.serialized() }

    private static func contentPath(_ index: Int) -> String {
        let digits = String(index)
        return "/content/" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private func metadata(_ version: String) -> JSONValue {
        var data = JSONObject()
        data["uuid"] = .string(instance.id.description)
        if !instance.metadata.isEmpty {
            var meta = JSONObject()
            for (key, value) in instance.metadata.sorted(by: { $0.key < $1.key }) { meta[key] = .string(value) }
            data["meta"] = .object(meta)
        }
        if !facts.files.isEmpty {
            data["files"] = .array(
                facts.files.enumerated().map {
                    ["path": .string($1.path), "content_path": .string(Self.contentPath($0))]
                })
        }
        if let name = facts.keyName, let key = facts.keyData {
            var keys = JSONObject()
            keys[name] = .string(key)
            data["public_keys"] = .object(keys)
            data["keys"] = [["name": .string(name), "type": "ssh", "data": .string(key)]]
        }
        data["hostname"] = .string(hostname)
        data["name"] = .string(instance.name)
        data["launch_index"] = .integer(facts.launchIndex)
        data["availability_zone"] = .string(facts.availabilityZone)
        if version >= "2013-04-04" { data["random_seed"] = .string(seed) }
        if version >= "2015-10-15" { data["project_id"] = .string(instance.projectID.description) }
        if version >= "2016-06-30" { data["devices"] = devices(trust: version >= "2018-08-27") }
        if version >= "2020-10-14" { data["dedicated_cpus"] = [] }
        return .object(data)
    }

    /// The devices to which the user has given tags; where they are on their bus is the hypervisor's choice, later.
    private func devices(trust: Bool) -> JSONValue {
        func device(_ type: JSONValue, tag: String, _ more: (inout JSONObject) -> Void) -> JSONValue {
            var device = JSONObject()
            device["type"] = type
            device["bus"] = "none"
            device["address"] = "none"
            more(&device)
            device["tags"] = [.string(tag)]
            return .object(device)
        }
        let interfaces = instance.network.ports.compactMap { port -> JSONValue? in
            guard let tag = port.tag, !tag.isEmpty else { return nil }
            return device("nic", tag: tag) {
                $0["mac"] = .string(port.mac)
                if trust { $0["vf_trusted"] = false }
            }
        }
        let disks = instance.disks.enumerated().compactMap { index, disk -> JSONValue? in
            guard let tag = disk.tag, !tag.isEmpty else { return nil }
            return device("disk", tag: tag) { if let path = path(ofDisk: index) { $0["path"] = .string(path) } }
        }
        return .array(interfaces + disks)
    }

    /// As the guest's system names it where it finds all disks on one bus in this order; nil for a bus of other names.
    private func path(ofDisk index: Int) -> String? {
        let prefixes = ["virtio": "vd", "scsi": "sd", "sata": "sd", "ide": "hd"]
        let bus = instance.hardwareProperties["hw_disk_bus"] ?? "virtio"
        guard let prefix = prefixes[bus], index < 26 else { return nil }
        return "/dev/\(prefix)\(UnicodeScalar(UInt8(ascii: "a") + UInt8(index)))"
    }

    private var network: JSONValue {
        let ports = instance.network.ports.filter { !$0.fixedIP.isEmpty }
        guard !ports.isEmpty else { return [:] }
        var servers: [String] = []
        for server in ports.flatMap(\.dns) where !servers.contains(server) { servers.append(server) }
        let links: [JSONValue] = ports.map { port in
            [
                "id": .string("tap" + port.portID.description.prefix(11)), "vif_id": .string(port.portID.description),
                "type": "bridge", "mtu": .null, "ethernet_mac_address": .string(port.mac),
            ]
        }
        let networks: [JSONValue] = ports.enumerated().map { index, port in
            [
                "id": .string("network\(index)"), "type": "ipv4_dhcp",
                "link": .string("tap" + port.portID.description.prefix(11)),
                "network_id": .string(port.networkID.description),
            ]
        }
        return [
            "links": .array(links), "networks": .array(networks),
            "services": .array(servers.map { ["type": "dns", "address": .string($0)] }),
        ]
    }

    private var amazon: JSONValue {
        var data = JSONObject()
        let digits = String(UInt64(bitPattern: instance.sequence), radix: 16)
        data["instance-id"] = .string("i-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits)
        data["instance-type"] = .string(instance.flavor.name)
        data["instance-action"] = "none"
        data["ami-launch-index"] = .integer(facts.launchIndex)
        data["hostname"] = .string(hostname)
        data["local-hostname"] = .string(hostname)
        data["public-hostname"] = .string(hostname)
        data["local-ipv4"] = .string(instance.network.ports.first { !$0.fixedIP.isEmpty }?.fixedIP ?? "")
        data["public-ipv4"] = ""
        data["reservation-id"] = .string(facts.reservationID)
        data["security-groups"] = .array(facts.securityGroups.map { .string($0) })
        data["placement"] = ["availability-zone": .string(facts.availabilityZone)]
        data["block-device-mapping"] = ["ami": "vda", "root": "/dev/vda"]
        if let name = facts.keyName, let key = facts.keyData {
            data["public-keys"] = ["0": ["openssh-key": .string(key), "_name": .string("0=\(name)")]]
        }
        return .object(data)
    }
}
