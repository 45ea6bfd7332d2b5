import CommonTestKit
import Glibc
import NovaConsoleLog
import NovaCore
import NovaModel
import NovaXML
import Testing
import VirtDriver

@testable import VirtLibvirt

@Suite("containers")
struct ContainerTests {
    private let context = VirtDriverContext(
        cloudID: CloudID(UUID128(high: 0xABCD_EF01_0203_0405, low: 7)), hostID: ProviderID.random(),
        instancesPath: "/i")

    private func document(_ disks: [DiskFile]) throws -> XMLElement {
        var spec = InstanceSpec()
        spec.id = .random()
        spec.sequence = 42
        spec.name = "<box>"
        spec.flavor.memoryMB = 64
        var port = PortBinding()
        port.mac = "fa:16:3e:00:00:01"
        port.bridge = "nb0123"
        let parts = InstanceParts(folder: "/i", disks: disks, interfaces: [PluggedPort(port, tap: "nt0123")])
        let document = ContainerDocument(context: context, instance: spec, parts: parts, rootPath: "/l/1")
        let text = try document.element.serialized()
        return try XMLReader.parse(text)
    }

    @Test("the description: a file as the root, a device in the network's bridge, no network of the host")
    func description() throws {
        let root = try document([DiskFile(path: "/i/disk", format: .raw)])
        #expect(root[attribute: "type"] == "lxc")
        #expect(root.first("name")?.text == "instance-0000002a-abcdef")
        #expect(root.at("os", "type")?.text == "exe")
        #expect(root.at("os", "init")?.text == "/sbin/init")
        #expect(root.at("features", "privnet") != nil)
        #expect(root.at("features", "capabilities", "mknod")?[attribute: "state"] == "off")
        let files = root.first("devices")?.all("filesystem") ?? []
        #expect(files.count == 1)
        #expect(files.first?.first("source")?[attribute: "file"] == "/l/1")
        let interface = root.at("devices", "interface")
        #expect(interface?.first("source")?[attribute: "bridge"] == "nb0123")
        #expect(interface?.first("target")?[attribute: "dev"] == "nt0123")
        #expect(interface?.first("guest")?[attribute: "dev"] == "eth0")
        let mark = try #require(root.at("metadata", "instance").flatMap { DomainMark($0.serialized()) })
        #expect(mark.belongs(to: context) && mark.name == "<box>")
    }

    @Test("what no container can have is refused, not left out")
    func refused() {
        let raw = DiskFile(path: "/i/disk", format: .raw)
        for disks in [[], [DiskFile(path: "/i/disk", format: .qcow2)], [raw, DiskFile(path: "/i/swap", format: .raw)]] {
            #expect { try document(disks) } throws: { NovaError($0).code == .badRequest }
        }
    }

    @Test("a root disk has a short name, and nobody else's")
    func link() throws {
        // Shorter than those of other tests.
        let folder = "/tmp/nova-\(UUID128.random().hex.prefix(12))"
        try #require(mkdir(folder, 0o755) == 0)
        defer {
            rmdir("\(folder)/_lxc")
            rmdir(folder)
        }
        let link = RootLink(instancesPath: folder)
        let id = ServerID.random()
        for _ in 0..<2 { try link.make(id, to: "/a/long/path") }
        var info = stat()
        #expect(lstat(link.path(id), &info) == 0 && info.st_mode & S_IFMT == S_IFLNK)
        #expect { try link.make(id, to: "/another") } throws: { NovaError($0).code == .conflict }
        for _ in 0..<2 { link.remove(id) }
        #expect(lstat(link.path(id), &info) != 0)
        let long = RootLink(instancesPath: "/" + String(repeating: "x", count: 60))
        #expect { try long.make(id, to: "/a") } throws: { NovaError($0).details.contains("44 bytes") }
    }

    @Test("the end of a console goes back into the file before it")
    func tail() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/console.log"
        #expect(ConsoleFile.tail([path], lines: nil) == "")
        var log = BoundedLog(path, limit: 8)
        for line in ["one\n", "two\n", "three\n"] { log.append(Array(line.utf8)[...]) }
        #expect(ConsoleFile.tail([path], lines: nil) == "three\n")
        #expect(ConsoleFile.tail([BoundedLog.older(path), path], lines: nil) == "one\ntwo\nthree\n")
        #expect(ConsoleFile.tail([BoundedLog.older(path), path], lines: 2) == "two\nthree\n")
    }

    @Test("the init of a container is the child of its controller that is number 1 of its own namespace")
    func containerInit() throws {
        let folder = try TemporaryFolder()
        func put(_ path: String, _ text: String) throws {
            var parent = folder.path
            for part in path.split(separator: "/").dropLast() {
                parent += "/\(part)"
                mkdir(parent, 0o755)
            }
            let file = try #require(fopen("\(folder.path)/\(path)", "w"))
            fputs(text, file)
            fclose(file)
        }
        #expect(ContainerInit(of: 40, proc: folder.path) == nil)
        try put("40/task/40/children", "")
        try put("40/task/41/children", "50 51 52 ")
        // A helper on the host, one in the namespace that is not its first, and the init.
        try put("50/status", "Name:\thelper\nNSpid:\t50\n")
        try put("51/status", "Name:\tshell\nNSpid:\t51\t7\n")
        #expect(ContainerInit(of: 40, proc: folder.path) == nil)
        try put("52/status", "Name:\tinit\nPid:\t52\nNSpid:\t52\t1\n")
        #expect(ContainerInit(of: 40, proc: folder.path)?.process == 52)
    }
}
