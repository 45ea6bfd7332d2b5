import NovaCore
import NovaModel
import NovaSchema
import Testing

@testable import NovaAPI

/// `block_device_mapping_v2` of create requests.
@Suite("Block devices")
struct BlockDeviceTests {
    private static let image = "70a599e0-31e7-49b7-b260-868f441e862b"

    private var flavor: Flavor {
        var flavor = Flavor()
        (flavor.ephemeralGB, flavor.swapMB) = (3, 16)
        return flavor
    }

    private func blank(_ more: [String: JSONValue]) -> JSONValue {
        var mapping: JSONObject = ["source_type": "blank", "destination_type": "local"]
        for (key, value) in more { mapping[key] = value }
        return .object(mapping)
    }

    private func parse(_ mappings: [JSONValue], limit: Int = 3) throws -> [LocalDisk] {
        let body: JSONValue = ["imageRef": .string(Self.image), "block_device_mapping_v2": .array(mappings)]
        return try BlockDevices(body, flavor, limit: limit).disks
    }

    @Test("blank disks have the sizes, file systems and tags that were asked for")
    func sizes() throws {
        #expect(try parse([]).isEmpty)
        #expect(
            try parse([
                blank(["volume_size": 1, "tag": "scratch"]), blank(["volume_size": "2", "guest_format": "ext3"]),
                blank(["guest_format": "swap", "volume_size": 8]),
            ]) == [
                LocalDisk(.ephemeral, megabytes: 1024, tag: "scratch"),
                LocalDisk(.ephemeral, megabytes: 2048, format: "ext3"), LocalDisk(.swap, megabytes: 8),
            ])
        // Without a size it is the flavor's.
        #expect(
            try parse([blank([:]), blank(["guest_format": "swap"])])
                == [LocalDisk(.ephemeral, megabytes: 3072), LocalDisk(.swap, megabytes: 16)])
    }

    @Test("the image's mapping matters where it has a tag")
    func root() throws {
        var mapping: JSONObject = [
            "source_type": "image", "destination_type": "local", "boot_index": 0, "uuid": .string(Self.image),
        ]
        #expect(try parse([.object(mapping)]).isEmpty)
        mapping["tag"] = "system"
        #expect(try parse([.object(mapping)]) == [LocalDisk(.root, tag: "system")])
    }

    @Test("what the flavor does not give is refused, and what contradicts itself")
    func refusals() {
        func refused(_ mappings: [JSONValue], _ text: String, limit: Int = 3) {
            let error = #expect(throws: NovaError.self) { try parse(mappings, limit: limit) }
            #expect(error?.code == .badRequest && error?.message.contains(text) == true, "\(text)")
        }
        let (ephemeral, swap) = (blank(["volume_size": 2]), blank(["guest_format": "swap", "volume_size": 1]))
        refused([ephemeral, ephemeral], "Ephemeral disks requested are larger")
        refused([blank(["volume_size": 2_147_483_647])], "Ephemeral disks requested are larger")
        refused([blank(["guest_format": "swap", "volume_size": 17])], "Swap drive requested is larger")
        refused([swap, swap], "more than one swap drive")
        refused([blank(["guest_format": "btrfs"])], "no file system btrfs")
        refused([ephemeral, swap], "more than the 1 of max_local_block_devices", limit: 1)
        #expect(throws: Never.self) { try parse([ephemeral, swap], limit: -1) }
        let body: JSONValue = ["imageRef": .string(Self.image), "block_device_mapping_v2": [blank([:])]]
        let error = #expect(throws: NovaError.self) { try BlockDevices(body, Flavor(), limit: 3) }
        #expect(error?.message.contains("no size") == true)
    }
}
