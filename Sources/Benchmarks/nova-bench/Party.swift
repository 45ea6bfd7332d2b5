import ArgumentParser
import Glibc
import Logging
import NovaCore
import NovaMessaging
import NovaRPC

/// What all processes of a measurement have in common: `tools/bench.d/queue.py` starts them, tells them by lines what to
/// do, and reads one line of JSON for each; they end when their input does.
struct PartyOptions: ParsableArguments {
    @Option(help: "The broker's endpoint.")
    var endpoint = "tcp://127.0.0.1:*"

    @Option(help: "The folder with the keys of all parties; without one connections are plain.")
    var keys: String?

    static var log: Logger {
        var log = Logger(label: "nova-bench", factory: { StreamLogHandler.standardError(label: $0) })
        log.logLevel = .warning
        return log
    }

    /// Raises the limit of descriptors as far as it goes, at most to 65,536.
    static func raiseLimits() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    func address(_ role: String, _ host: String) throws -> BrokerAddress {
        guard let keys else { return BrokerAddress(endpoint) }
        let broker = try CurveKeyPair(file: "\(keys)/broker.key").publicKey
        let own = try CurveKeyPair(file: "\(keys)/\(role)-\(host).key")
        return BrokerAddress(endpoint, curve: ClientCurve(keys: own, broker: broker))
    }

    func connect(_ role: String, _ instance: Int, host: String = KeysCommand.host) async throws -> RPCBus {
        try await RPCBus.connect(
            to: [address(role, host)], role: role, host: host, instance: "\(instance)", log: Self.log)
    }

    /// Runs a command for each line of input; what it answers is printed.
    ///
    /// Blocks its thread while there is nothing to do: the main one, where nothing else runs.
    @MainActor
    static func serve(_ command: @Sendable ([Substring]) async throws -> String) async throws {
        say("{\"ready\": true}")
        while let line = readLine() { say(try await command(line.split(separator: " "))) }
    }

    static func say(_ text: String) {
        print(text)
        fflush(nil)
    }
}
