import CommonTestKit
import NovaCore
import NovaModel
import NovaXML
import Testing

@testable import VirtLibvirt

@Suite("Live migration: the guest's description for its new host")
struct MigrationDocumentTests {
    private static let description = """
        <domain type='qemu' id='7'><name>instance-00000001-abcdef</name>
        <metadata><other xmlns="urn:other"><host>kept</host></other>
        <instance xmlns="urn:nova:swift:instance:1"><cloud>c</cloud><host>old</host><server>s</server></instance></metadata>
        <os><kernel>/old/instances/s/kernel</kernel><cmdline>root=/dev/vda /old/instances</cmdline></os>
        <devices><disk type='file' device='disk'><source file='/old/instances/s/disk' index='1'/>
        <backingStore type='file'><source file='/old/instances/_base/i.raw'/></backingStore><target dev='vda'/></disk>
        <interface type='ethernet'><mac address='FA:16:3E:00:00:01'/><target dev='old0' managed='no'/></interface>
        <interface type='ethernet'><mac address='fa:16:3e:00:00:02'/><target dev='old1' managed='no'/></interface>
        <serial type='pty'><log file='/old/instances/s/console.log' append='off'/></serial>
        <emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>
        """

    @Test func whatBelongsToTheHostChangesAndNothingElse() throws {
        var place = GuestPlace()
        place.hostID = .random()
        place.instancesPath = "/new"
        place.taps = ["fa:16:3e:00:00:01": "new0"]
        let document = MigrationDocument(instancesPath: "/old/instances", place: place)
        let root = try XMLReader.parse(try document.rewritten(Self.description))
        #expect(root.at("metadata", "instance", "host")?.text == place.hostID.description)
        #expect(root.at("metadata", "other", "host")?.text == "kept")
        #expect(root.at("os", "kernel")?.text == "/new/s/kernel")
        #expect(root.at("os", "cmdline")?.text == "root=/dev/vda /old/instances")
        let disk = try #require(root.at("devices", "disk"))
        #expect(disk.first("source")?[attribute: "file"] == "/new/s/disk" && disk.first("backingStore") == nil)
        #expect(disk.first("target")?[attribute: "dev"] == "vda")
        let taps = root.first("devices")?.all("interface").map { $0.first("target")?[attribute: "dev"] }
        #expect(taps == ["new0", "old1"])
        #expect(root.at("devices", "serial", "log")?[attribute: "file"] == "/new/s/console.log")
        #expect(root.at("devices", "emulator")?.text == "/usr/bin/qemu-system-x86_64")
        #expect(root.first("name")?.text == "instance-00000001-abcdef")
    }

    @Test func aGuestThatIsNotOursIsNotSent() {
        let document = MigrationDocument(instancesPath: "/a", place: GuestPlace())
        #expect(throws: NovaError.self) {
            try document.rewritten("<domain><metadata><instance xmlns='urn:x'><host/></instance></metadata></domain>")
        }
        #expect(throws: NovaError.self) { try document.rewritten("<domain/>") }
    }

    @Test func missingFeaturesAreNamed() {
        let text = "the CPU is incompatible with host CPU: Host CPU does not provide required features: avx2, bmi1"
        #expect(MigrationRefusal.sentence(text) == "its CPU lacks what the guest has: avx2, bmi1")
        #expect(MigrationRefusal.sentence("unknown") == "its CPU is not compatible with the guest's")
    }

    @Test func daemonSocketIsThatOfTheConnection() {
        #expect(LibvirtDriver.daemonSocket("qemu+unix:///system?mode=x&socket=/run/a/sock") == "/run/a/sock")
        #expect(LibvirtDriver.daemonSocket("qemu:///system").hasPrefix("/run/libvirt/"))
    }

    @Test func socketsLieWhereTheHostMakesThem() throws {
        let folder = try TemporaryFolder()
        let id = ServerID.random()
        let sockets = MigrationSockets(folder: "\(folder.path)/nova", id: id)
        let name = sockets.newName()
        #expect(try sockets.make(name) == "\(folder.path)/nova/\(name)")
        #expect(try sockets.make(name) == "\(folder.path)/nova/\(name)")
        for foreign in [
            "\(id)-../../../../../../../../../../etc/", "\(id)", "x", "\(ServerID.random())-\(name.suffix(32))",
        ] {
            #expect(throws: NovaError.self) { try sockets.make(foreign) }
        }
        sockets.remove()
        #expect(throws: NovaError.self) {
            try MigrationSockets(folder: "\(folder.path)/nowhere/nova", id: id).make(name)
        }
    }
}
