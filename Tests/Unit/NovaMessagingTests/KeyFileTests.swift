import Glibc
import NovaCore
import Testing

@testable import NovaMessaging

/// A folder that is gone after the test.
final class KeyFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/nova-keys-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try #require(mkdir(path, 0o700) == 0)
    }

    deinit {
        for name in (try? names()) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    func names() throws -> [String] {
        let folder = try #require(opendir(path))
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Writes a file at one stroke, as an editor does.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        try SmallFile.replace("\(path)/\(name)", text, mode: mode)
        return "\(path)/\(name)"
    }

    func read(_ name: String) throws -> String { try SmallFile.read("\(path)/\(name)", what: "file").text }
}

@Suite("Keys and their files")
struct KeyFileTests {
    static func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return NovaError(error).message }
    }

    @Test("a pair is written for its owner alone, read again, and never shown")
    func pair() throws {
        let folder = try KeyFolder()
        let path = "\(folder.path)/a.key"
        var pair = try CurveKeyPair()
        pair.role = "compute"
        pair.host = "h1"
        try pair.write(to: path)
        #expect(try CurveKeyPair(file: path) == pair)
        #expect(try SmallFile.read(path, what: "file").mode == 0o600)
        #expect(try folder.names() == ["a.key"])
        #expect(!"\(pair)".contains(pair.secretKey.reveal()))
        #expect(
            pair.publicKey.description.first?.isLetter == true || pair.publicKey.description.first?.isNumber == true)
        #expect(Self.message { try pair.write(to: path) }.contains("exists already"))
        #expect(try CurveKeyPair(secret: pair.secretKey).publicKey == pair.publicKey)
    }

    @Test("what is no pair is refused with the cause")
    func badPairs() throws {
        let folder = try KeyFolder()
        let one = try CurveKeyPair()
        let other = try CurveKeyPair()
        func refusal(_ text: String, mode: mode_t = 0o600) throws -> String {
            let path = try folder.write("k", text, mode: mode)
            return Self.message { _ = try CurveKeyPair(file: path) }
        }
        #expect(try refusal("secret = \(one.secretKey.reveal())\n", mode: 0o640).contains("chmod 600"))
        #expect(try refusal("public = \(one.publicKey)\n").contains("has no line"))
        #expect(try refusal("# x\n\nsecret: abc\n").contains("k:3: expected"))
        #expect(try refusal("secret = abc\n").contains("is no key"))
        #expect(
            try refusal("public = \(other.publicKey)\nsecret = \(one.secretKey.reveal())\n").contains("are no pair"))
        #expect(Self.message { _ = try CurveKeyPair(file: "\(folder.path)/none") }.contains("No such file"))
        #expect(Self.message { _ = try CurveKeyPair(file: folder.path) }.contains("no regular file"))
    }

    @Test("what is no key is none")
    func publicKeys() throws {
        let key = try CurveKeyPair().publicKey.description
        #expect(CurvePublicKey(key)?.description == key)
        for text in [
            "", "abc", String(key.dropLast()), key + "0", " " + key.dropFirst(), String(repeating: "#", count: 40),
            String(repeating: "~", count: 40), String(repeating: "é", count: 20), String(repeating: "\0", count: 40),
        ] {
            #expect(CurvePublicKey(text) == nil, "\(text)")
        }
    }

    @Test("authorized keys: names, remarks, empty lines")
    func parse() throws {
        let (a, b, c) = (try CurveKeyPair().publicKey, try CurveKeyPair().publicKey, try CurveKeyPair().publicKey)
        let keys = try AuthorizedKeys(
            text: "# all\n\n\(a) compute h1\n  \(b)\tconductor  c1 2 # the second # one\r\n\(c) admin ops # me\n",
            path: "f")
        #expect(
            keys.names == [
                a: PeerName(role: "compute", host: "h1"), b: PeerName(role: "conductor", host: "c1", instance: "2"),
                c: PeerName(role: "admin", host: "ops"),
            ])
    }

    @Test("a mistake is named with file and line")
    func mistakes() throws {
        let key = try CurveKeyPair().publicKey
        func refusal(_ text: String) -> String {
            Self.message { _ = try AuthorizedKeys(text: text, path: "/etc/keys") }
        }
        #expect(refusal("\n\(key) compute\n").hasPrefix("/etc/keys:2: expected a public key, a role, a host"))
        #expect(refusal("\(key)\n").hasPrefix("/etc/keys:1: expected"))
        #expect(refusal("\(key) compute h1 1 2\n").hasPrefix("/etc/keys:1: expected"))
        #expect(refusal("compute h1 \(key)\n").hasPrefix("/etc/keys:1: \"compute\" is no public key"))
        #expect(refusal("\(key) computer h1\n").hasPrefix("/etc/keys:1: there is no role \"computer\""))
        #expect(refusal("\(key) compute h1\n#\n\(key) compute h2\n").hasPrefix("/etc/keys:3: the key of line 1 again"))
        #expect(refusal("\(key) compute \(String(repeating: "h", count: 256))\n").contains("longer than 255 bytes"))
        #expect(refusal("\(key) compute h\u{F6}st\n").contains("not ASCII"))
    }

    @Test("the editor adds, renames and removes lines and keeps what people wrote")
    func editor() throws {
        let folder = try KeyFolder()
        let editor = AuthorizedKeysEditor(path: "\(folder.path)/keys")
        let (a, b) = (try CurveKeyPair().publicKey, try CurveKeyPair().publicKey)
        let first = AuthorizedKeys.Entry(publicKey: a, name: PeerName(role: "compute", host: "h1"))
        let second = AuthorizedKeys.Entry(publicKey: b, name: PeerName(role: "compute", host: "h2"), remark: "rack 2")
        #expect(Self.message { _ = try editor.revoke("x") }.contains("There is no file"))
        #expect(try editor.authorize(first))
        #expect(try !editor.authorize(first))
        #expect(try folder.write("keys", folder.read("keys") + "\n  # by hand\n") != "")
        #expect(try editor.authorize(second))
        let text = try folder.read("keys")
        #expect(text.contains("\n\(a) compute h1\n\n  # by hand\n\(b) compute h2 # rack 2\n"))
        var moved = first
        moved.name.host = "h9"
        #expect(try editor.authorize(moved))
        #expect(try folder.read("keys") == text.replacing("compute h1", with: "compute h9"))
        #expect(try editor.revoke("compute@h2").map(\.publicKey) == [b])
        #expect(try editor.revoke("compute@h2") == [])
        #expect(try editor.revoke(a.description).map(\.name.host) == ["h9"])
        #expect(try folder.read("keys").contains("# by hand"))
        #expect(try AuthorizedKeys(file: editor.path).names.isEmpty)
    }

    @Test("what has a mistake, or others may write, is not edited")
    func editorRefuses() throws {
        let folder = try KeyFolder()
        let editor = AuthorizedKeysEditor(path: "\(folder.path)/keys")
        let key = try CurveKeyPair().publicKey
        let entry = AuthorizedKeys.Entry(publicKey: key, name: PeerName(role: "compute", host: "h1"))
        try folder.write("keys", "nonsense\n")
        #expect(Self.message { _ = try editor.authorize(entry) }.contains("keys:1: \"nonsense\""))
        #expect(try folder.read("keys") == "nonsense\n")
        try folder.write("keys", "", mode: 0o666)
        #expect(Self.message { _ = try editor.authorize(entry) }.contains("chmod go-w"))
        try folder.write("keys", "")
        var broken = entry
        broken.name.role = "nobody"
        #expect(Self.message { _ = try editor.authorize(broken) }.contains("there is no role"))
        #expect(try folder.read("keys").isEmpty)
    }

    @Test("many editors at once lose nothing")
    func editorsAtOnce() async throws {
        let folder = try KeyFolder()
        let path = "\(folder.path)/keys"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let name = PeerName(role: "compute", host: "h\(number)")
                    try AuthorizedKeysEditor(path: path).authorize(
                        AuthorizedKeys.Entry(publicKey: try CurveKeyPair().publicKey, name: name))
                }
            }
            try await group.waitForAll()
        }
        #expect(try AuthorizedKeys(file: path).names.count == 8)
    }

    @Test("a changed file is read again, a broken one is not, and what is gone is revoked once")
    func reload() throws {
        let folder = try KeyFolder()
        let (a, b) = (try CurveKeyPair().publicKey, try CurveKeyPair().publicKey)
        let path = try folder.write("keys", "\(a) compute h1\n\(b) compute h2\n")
        let file = try AuthorizedKeysFile(path: path, log: QueueRig.log)
        #expect(!file.reload())
        #expect(file.name(of: a)?.host == "h1")
        try folder.write("keys", "\(a) compute h1\noops\n")
        #expect(file.reload())
        #expect(file.name(of: b)?.host == "h2")
        #expect(file.takeRevoked().isEmpty)
        unlink(path)
        #expect(file.reload())
        #expect(file.count == 2)
        try folder.write("keys", "\(a) compute h3\n")
        #expect(file.reload())
        #expect(file.name(of: b) == nil)
        #expect(file.name(of: a)?.host == "h3")
        #expect(Set(file.takeRevoked().map(\.name.host)) == ["h1", "h2"])
        #expect(file.takeRevoked().isEmpty)
        // A mode that others could write with is a mistake too, and its repair is seen.
        chmod(path, 0o622)
        #expect(file.reload())
        try folder.write("keys", "")
        #expect(file.reload())
        #expect(file.count == 0)
    }
}
