import NovaCore
import NovaModel
import NovaProcess
import NovaSchema
import Testing

@testable import NovaCompute

/// Disks beside the root disk, as users and flavors want them.
@Suite("Local disks")
struct LocalDiskTests {
    private var flavor: Flavor {
        var flavor = Flavor()
        (flavor.rootGB, flavor.ephemeralGB, flavor.swapMB) = (1, 3, 16)
        return flavor
    }

    @Test("what nobody asked for is the flavor's, kind by kind")
    func kinds() {
        let root = LocalDisk(.root)
        let (ephemeral, swap) = (LocalDisk(.ephemeral, megabytes: 3072), LocalDisk(.swap, megabytes: 16))
        #expect(LocalDisk.all([], flavor) == [root, ephemeral, swap])
        #expect(LocalDisk.all([], Flavor()) == [root])
        let small = LocalDisk(.swap, megabytes: 8, tag: "s")
        #expect(LocalDisk.all([small], flavor) == [root, ephemeral, small])
        let two = [LocalDisk(.ephemeral, megabytes: 1024, tag: "a"), LocalDisk(.ephemeral, megabytes: 512)]
        let system = LocalDisk(.root, tag: "system")
        // In the order in which a guest finds them, whatever the request's.
        #expect(LocalDisk.all([small] + two + [system], flavor) == [system] + two + [small])
    }

    @Test("a name is a local disk's only as it is written here")
    func names() {
        for name in ["disk.eph0", "disk.eph9", "disk.eph63", "disk.swap"] {
            #expect(InstanceFolders.isLocalDisk(name), "\(name)")
        }
        for name in [
            "disk", "disk.eph", "disk.eph00", "disk.eph01", "disk.eph+1", "disk.eph-1", "disk.eph64", "disk.eph0.new",
            "disk.eph99999999999999999999", "disk.config", "../disk.eph0",
        ] {
            #expect(!InstanceFolders.isLocalDisk(name), "\(name)")
        }
    }

    @Test("config drives tell where disks with tags are")
    func tags() throws {
        var instance = InstanceSpec()
        instance.flavor = flavor
        instance.localDisks = [
            LocalDisk(.swap, megabytes: 8, tag: "pages"), LocalDisk(.ephemeral, megabytes: 1024),
            LocalDisk(.ephemeral, megabytes: 1024, tag: "scratch"), LocalDisk(.root, tag: "system"),
        ]
        func devices() throws -> [String] {
            let files = ConfigDriveContents(instance: instance, facts: ConfigDriveFacts(), seed: "").files
            let file = try #require(files.all.first { $0.path == "openstack/latest/meta_data.json" })
            let devices = try JSONValue.parse(file.bytes)["devices"]?.arrayValue ?? []
            return devices.map { "\($0["type"]?.text ?? "") \($0["tags"]?.text ?? "") \($0["path"]?.text ?? "-")" }
        }
        #expect(
            try devices() == [
                #""disk" ["system"] "/dev/vda""#, #""disk" ["scratch"] "/dev/vdc""#, #""disk" ["pages"] "/dev/vdd""#,
            ])
        instance.imageProperties = ["hw_disk_bus": "scsi"]
        #expect(try devices().first == #""disk" ["system"] "/dev/sda""#)
        instance.imageProperties = ["hw_disk_bus": "fdc"]
        #expect(try devices().first == #""disk" ["system"] -"#)
    }
}
