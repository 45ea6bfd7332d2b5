import CommonTestKit
import Glibc
import Logging
import NovaConfig
import NovaCore
import NovaMessaging
import Testing

@testable import NovaService

@Suite("Where the queue is, and with which keys")
final class QueueSettingsTests {
    private static let log = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private let holder: TemporaryFolder
    private var folder: String { holder.path }
    private let broker: CurveKeyPair
    private let own: CurveKeyPair

    init() throws {
        holder = try TemporaryFolder()
        broker = try CurveKeyPair()
        var pair = try CurveKeyPair()
        pair.role = "compute"
        pair.host = "h1"
        own = pair
        try broker.write(to: "\(folder)/broker")
        try own.write(to: "\(folder)/own")
        try AuthorizedKeysEditor(path: "\(folder)/keys").authorize(
            AuthorizedKeys.Entry(publicKey: own.publicKey, name: PeerName(role: "compute", host: "h1")))
    }

    private func config(_ brokers: String..., keys: String = "", insecure: Bool = false) -> Configuration {
        Configuration().setting(QueueSettings.brokers, to: brokers).setting(QueueSettings.insecure, to: insecure)
            .setting(QueueSettings.keyFile, to: keys.isEmpty ? "" : "\(folder)/\(keys)")
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            #expect(NovaError(error).code == .badRequest)
            return NovaError(error).message
        }
    }

    private func brokers(_ config: Configuration, host: String = "h1") throws -> [BrokerAddress] {
        try QueueSettings.brokers(config, role: "compute", host: host)
    }

    @Test("a broker's key and the own ones make an encrypted connection")
    func client() throws {
        let addresses = try brokers(config("tcp://192.0.2.1:5550=\(broker.publicKey)", "ipc:///run/q", keys: "own"))
        #expect(addresses.map(\.endpoint) == ["tcp://192.0.2.1:5550", "ipc:///run/q"])
        #expect(addresses[0].curve == ClientCurve(keys: own, broker: broker.publicKey))
        #expect(addresses[1].curve == nil)
    }

    @Test("plain tcp is refused with the cause and the next step, unless it is wanted and stays on the host")
    func plain() throws {
        let local = refusal { _ = try brokers(config("tcp://127.0.0.1:5550")) }
        #expect(local.hasPrefix("[queue] brokers: tcp://127.0.0.1:5550 has no key, and plain connections are refused."))
        #expect(local.contains("set [queue] insecure = true"))
        for endpoint in ["tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://localhost:1", "tcp://[::1]:1"] {
            #expect(try brokers(config(endpoint, insecure: true)) == [BrokerAddress(endpoint)])
        }
        for endpoint in [
            "tcp://192.0.2.1:5550", "tcp://*:5550", "tcp://0.0.0.0:5550", "tcp://127.0.0.1.example.org:1",
            "tcp://127:1",
            "tcp://127.0.0.1", "tcp://eth0:1",
        ] {
            let message = refusal { _ = try brokers(config(endpoint, insecure: true)) }
            #expect(message.contains("plain connections between hosts are refused"), "\(endpoint)")
        }
    }

    @Test("keys that are missing, wrong, or another's are named")
    func clientMistakes() throws {
        let address = "tcp://192.0.2.1:5550=\(broker.publicKey)"
        #expect(refusal { _ = try brokers(config(address)) }.contains("novactl queue keygen FILE"))
        #expect(refusal { _ = try brokers(config("tcp://192.0.2.1:5550=abc", keys: "own")) }.contains("no public key"))
        #expect(refusal { _ = try brokers(config("http://x", keys: "own")) }.contains("is no endpoint"))
        #expect(refusal { _ = try brokers(config(address, keys: "none")) }.contains("No such file"))
        #expect(
            refusal { _ = try brokers(config(address, keys: "own"), host: "h2") }
                .contains("was made for compute@h1, and this is compute@h2"))
    }

    @Test("a broker has keys for tcp, none for ipc and its own process")
    func listener() throws {
        let address = "tcp://192.0.2.1:5550=\(broker.publicKey)"
        let whole = config(address, keys: "broker").setting(QueueSettings.authorizedKeys, to: "\(folder)/keys")
        let found = try QueueSettings.listener(whole, embedded: "inproc://q", log: Self.log)
        #expect(found.endpoints == ["inproc://q", "tcp://192.0.2.1:5550"])
        #expect(found.curve?.keys.publicKey == broker.publicKey)
        #expect(found.curve?.authorized.count == 1)
        let alone = try QueueSettings.listener(Configuration(), embedded: "inproc://q", log: Self.log)
        #expect(alone.endpoints == ["inproc://q"])
        #expect(alone.curve == nil)
        #expect(try QueueSettings.listener(config("ipc:///run/q"), embedded: nil, log: Self.log).curve == nil)
        let local = config("tcp://127.0.0.1:1", insecure: true)
        #expect(try QueueSettings.listener(local, embedded: nil, log: Self.log).curve == nil)
    }

    @Test("a broker that would be open, or that nobody could reach, does not start")
    func listenerMistakes() throws {
        func refused(_ config: Configuration) -> String {
            refusal { _ = try QueueSettings.listener(config, embedded: nil, log: Self.log) }
        }
        let address = "tcp://192.0.2.1:5550=\(broker.publicKey)"
        #expect(refused(Configuration()).contains("tcp://127.0.0.1:5550 has no key, and plain connections are refused"))
        #expect(refused(config("tcp://0.0.0.0:1", insecure: true)).contains("between hosts are refused"))
        #expect(refused(config(address, keys: "broker")).contains("[queue] authorized_keys is not set"))
        let keys = config(address, keys: "own").setting(QueueSettings.authorizedKeys, to: "\(folder)/keys")
        #expect(refused(keys).contains("but [queue] key_file holds \(own.publicKey)"))
        #expect(refused(config(address, "tcp://192.0.2.2:5550", keys: "broker")).contains("Set [queue] listen"))
        let missing = config(address, keys: "broker").setting(QueueSettings.authorizedKeys, to: "\(folder)/none")
        #expect(refused(missing).contains("No such file"))
    }
}
