import ArgumentParser
import Glibc
import NovaCore
import NovaMessaging

/// Makes the keys of a broker and its peers, for the parties of `tools/bench queue` and `tools/soak`.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Makes the keys of a broker and its peers in a folder.")

    /// The host of all peers but the many of queue-peers.
    static let host = "h1"

    @Argument(help: "The folder; it exists, and only its owner may look into it.")
    var folder: String

    @Option(help: "How many compute hosts, h1 to hN, have a key each (queue-peers).")
    var hosts = 1

    func run() throws {
        try CurveKeyPair().write(to: "\(folder)/broker.key")
        var lines: [String] = []
        for role in ["api", "conductor"] { lines.append(try make(role, Self.host)) }
        for number in 1...max(1, hosts) { lines.append(try make("compute", "h\(number)")) }
        let text = lines.map { $0 + "\n" }.joined()
        guard let file = fopen("\(folder)/authorized", "wx") else {
            throw NovaError(.internal, "\(folder)/authorized cannot be made.")
        }
        defer { fclose(file) }
        guard fchmod(fileno(file), 0o600) == 0, fputs(text, file) >= 0 else {
            throw NovaError(.internal, "\(folder)/authorized cannot be written.")
        }
    }

    private func make(_ role: String, _ host: String) throws -> String {
        let keys = try CurveKeyPair()
        try keys.write(to: "\(folder)/\(role)-\(host).key")
        return "\(keys.publicKey) \(role) \(host)"
    }
}
