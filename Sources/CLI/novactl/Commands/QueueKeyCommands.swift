import ArgumentParser
import Glibc
import NovaCore
import NovaMessaging

/// Keys of processes on the queue, and the brokers' list of them: files of this host, no broker is asked.
extension QueueCommand {
    struct Keygen: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the keys of a daemon, a broker or an operator.",
            discussion: """
                The file is readable by its owner alone and never replaced; it is named in [queue] key_file, or with --key.
                What is printed is public. A broker needs no --role and no --host.
                """)
        @ArgumentParser.Option(help: "Whom the keys are for, with --host: \(RoleNames.text).") var role: String?
        @ArgumentParser.Option(help: "The daemon's host, as in [DEFAULT] host.") var host: String?
        @Argument(help: ArgumentHelp("The file to make.", valueName: "file"), completion: .file()) var path: String

        func validate() throws {
            guard (role == nil) == (host == nil) else { throw ValidationError("--role and --host belong together.") }
            if let role, let host { try RoleNames.check(role, host) }
        }

        func run() throws {
            var keys = try CurveKeyPair()
            keys.role = role ?? ""
            keys.host = host ?? ""
            try keys.write(to: path)
            Console.write("public key: \(keys.publicKey)")
            guard let role, let host else { return }
            Console.write("authorize with: novactl queue authorize --role \(role) --host \(host) '\(keys.publicKey)'")
        }
    }

    struct Authorize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a key in: writes it into a broker's file of authorized keys.",
            discussion: "Brokers see the change within a second. Do it at each broker's file.")
        @OptionGroup var keys: AuthorizedKeysOptions
        @ArgumentParser.Option(help: "What the key stands for (default: as its file says): \(RoleNames.text).")
        var role: String?
        @ArgumentParser.Option(help: "The host that the key stands for (default: as its file says).") var host: String?
        @ArgumentParser.Option(help: "The one instance that the key stands for (default: any).") var instance: String?
        @ArgumentParser.Option(help: "A remark for people.") var remark: String?
        @Argument(help: ArgumentHelp("The public key, or a file of keys.", valueName: "key"), completion: .file())
        var key: String

        func run() throws {
            var name = PeerName(role: role ?? "", host: host ?? "", instance: instance ?? "")
            let publicKey: CurvePublicKey
            // A path may have the form of a key.
            if access(key, F_OK) != 0, let given = CurvePublicKey(key) {
                publicKey = given
            } else {
                let pair = try CurveKeyPair(file: key)
                publicKey = pair.publicKey
                if name.role.isEmpty { name.role = pair.role }
                if name.host.isEmpty { name.host = pair.host }
            }
            guard !name.role.isEmpty, !name.host.isEmpty else {
                throw NovaError(.badRequest, "Whom does the key stand for? Give --role and --host.")
            }
            let words = (remark ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let entry = AuthorizedKeys.Entry(publicKey: publicKey, name: name, remark: words)
            let changed = try AuthorizedKeysEditor(path: keys.path).authorize(entry)
            Console.write("\(publicKey) \(changed ? "is" : "was already") authorized as \(name) in \(keys.path)")
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shuts a key out: removes it from a broker's file of authorized keys.",
            discussion: "Brokers end its connections within a second. Do it at each broker's file.")
        @OptionGroup var keys: AuthorizedKeysOptions
        @Argument(
            help: ArgumentHelp("The public key, a file of keys, or a name such as compute@host-7.", valueName: "key"),
            completion: .file())
        var key: String

        func run() throws {
            let whose = access(key, F_OK) == 0 ? try CurveKeyPair(file: key).publicKey.description : key
            let removed = try AuthorizedKeysEditor(path: keys.path).revoke(whose)
            guard !removed.isEmpty else {
                throw NovaError(.notFound, "\(keys.path) has no key for \(key). Nothing was changed.")
            }
            for entry in removed { Console.write("\(entry.publicKey) of \(entry.name) is revoked in \(keys.path)") }
        }
    }
}

/// Which file of authorized keys a command changes.
struct AuthorizedKeysOptions: ParsableArguments {
    @ArgumentParser.Option(
        help: "The broker's file, as in [queue] authorized_keys (default: NOVA_QUEUE_AUTHORIZED_KEYS).",
        completion: .file())
    var file: String?

    var path: String { file ?? Environment["NOVA_QUEUE_AUTHORIZED_KEYS"] ?? "/etc/nova/authorized_keys" }
}

/// The roles of the table, for help and checks.
private enum RoleNames {
    static let text = RoleTable.standard.roles.sorted().joined(separator: ", ")

    static func check(_ role: String, _ host: String) throws {
        guard RoleTable.standard.roles.contains(role) else {
            throw ValidationError("There is no role '\(role)'. The roles are \(text).")
        }
        guard !host.isEmpty, host.utf8.count <= 255, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ValidationError("--host is a name of ASCII characters without spaces.")
        }
    }
}
