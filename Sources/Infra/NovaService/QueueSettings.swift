public import Logging
public import NovaConfig
import NovaCore
public import NovaMessaging

/// Where the queue is, and with which keys: read from `[queue]`, refused when it would not be safe.
public enum QueueSettings {
    /// What a broker binds.
    public struct Listener: Sendable {
        public var endpoints: [String]
        /// Nil when nothing of it is tcp, or all of it is plain on purpose.
        public var curve: BrokerCurve?
    }

    static let brokers = Option(
        "queue", "brokers", default: ["tcp://127.0.0.1:5550"],
        help: "The queue's brokers: tcp://ADDRESS:PORT=PUBLIC-KEY of each (novactl queue keygen), or ipc://PATH.",
        expected: "1 to 3 brokers such as tcp://192.0.2.1:5550=PUBLIC-KEY",
        accepts: { (1...3).contains($0.count) && $0.allSatisfy { $0.contains("://") } })
    static let listen = Option(
        "queue", "listen", default: [String](),
        help: "What the broker in this process binds; empty means the one broker of [queue] brokers.",
        expected: "a list of endpoints such as tcp://192.0.2.1:5550", accepts: { $0.allSatisfy { $0.contains("://") } })
    static let keyFile = Option(
        "queue", "key_file", default: "",
        help: "This process's own keys (novactl queue keygen FILE), readable by nobody else.")
    static let authorizedKeys = Option(
        "queue", "authorized_keys", default: "",
        help: "For brokers: who may connect (novactl queue authorize); read again whenever it changes.")
    static let insecure = Option(
        "queue", "insecure", default: false,
        help: "Let tcp connections on loopback addresses be plain: every user of the host can then command the cloud.")

    /// The options of every daemon.
    public static let options: [any OptionDeclaration] = [brokers, listen, keyFile, authorizedKeys, insecure]

    /// The brokers that a process connects to.
    ///
    /// - Throws: ``NovaError`` `badRequest` that names the cause and the next step.
    public static func brokers(_ config: Configuration, role: String, host: String) throws -> [BrokerAddress] {
        let addresses = try addresses(
            config[brokers], keyFile: config[keyFile], isInsecure: config[insecure], name: "[queue] brokers",
            keyName: "[queue] key_file", insecureName: "[queue] insecure = true")
        for case let keys? in addresses.map(\.curve?.keys) {
            guard keys.role.isEmpty || keys.role == role, keys.host.isEmpty || keys.host == host else {
                throw NovaError(
                    .badRequest,
                    "[queue] key_file \(config[keyFile]) was made for \(keys.role)@\(keys.host), and this is "
                        + "\(role)@\(host). Each daemon has keys of its own: novactl queue keygen.")
            }
        }
        return addresses
    }

    /// Reads brokers' addresses, and the keys of the process when one of them wants keys.
    public static func addresses(
        _ texts: [String], keyFile: String, isInsecure: Bool, name: String, keyName: String, insecureName: String
    ) throws -> [BrokerAddress] {
        var keys: CurveKeyPair?
        return try texts.map { text in
            let (endpoint, key) = try BrokerAddress.split(text)
            guard endpoint.hasPrefix("tcp://") else { return BrokerAddress(endpoint) }
            guard let key else {
                try refusePlain(
                    endpoint, isInsecure: isInsecure, name: name, insecureName: insecureName,
                    remedy: "Write \(endpoint)=PUBLIC-KEY, with the broker's key (the line \"public\" of its key file)")
                return BrokerAddress(endpoint)
            }
            guard !keyFile.isEmpty else {
                throw NovaError(
                    .badRequest,
                    "\(name): \(endpoint) needs keys of this process. Make them with novactl queue keygen FILE, "
                        + "authorize them at the broker with novactl queue authorize, and set \(keyName).")
            }
            let own = try keys ?? CurveKeyPair(file: keyFile)
            keys = own
            return BrokerAddress(endpoint, curve: ClientCurve(keys: own, broker: key))
        }
    }

    /// What the broker of a process binds; `embedded` is what its own services use.
    ///
    /// - Throws: ``NovaError`` `badRequest` that names the cause and the next step.
    public static func listener(_ config: Configuration, embedded: String?, log: Logger) throws -> Listener {
        var endpoints = config[listen]
        if endpoints.isEmpty, embedded == nil || config.isSet(brokers) {
            endpoints = try config[brokers].map { try BrokerAddress.split($0).endpoint }
            guard endpoints.count == 1 else {
                throw NovaError(
                    .badRequest, "[queue] brokers names \(endpoints.count) brokers. Set [queue] listen to this one's.")
            }
        }
        endpoints = try endpoints.map { try BrokerAddress.split($0).endpoint }
        let all = (embedded.map { [$0] } ?? []) + endpoints
        let remote = endpoints.filter { $0.hasPrefix("tcp://") }
        guard let first = remote.first else { return Listener(endpoints: all, curve: nil) }
        guard !config[keyFile].isEmpty else {
            for endpoint in remote {
                try refusePlain(
                    endpoint, isInsecure: config[insecure], name: "The broker", insecureName: "[queue] insecure = true",
                    remedy: "Make keys with novactl queue keygen FILE and set [queue] key_file and authorized_keys")
            }
            log.warning("\(first) is not encrypted, and who connects to it is believed: [queue] insecure is set")
            return Listener(endpoints: all, curve: nil)
        }
        guard !config[authorizedKeys].isEmpty else {
            throw NovaError(
                .badRequest,
                "[queue] authorized_keys is not set, so nobody could connect to \(first). Make the file with "
                    + "novactl queue authorize --role ROLE --host HOST PUBLIC-KEY --file FILE.")
        }
        let keys = try CurveKeyPair(file: config[keyFile])
        try checkOwnKey(config, keys, endpoints: remote)
        let authorized = try AuthorizedKeysFile(path: config[authorizedKeys], log: log)
        return Listener(endpoints: all, curve: BrokerCurve(keys: keys, authorized: authorized))
    }

    /// A broker with other keys than its clients expect would only look dead to them.
    private static func checkOwnKey(_ config: Configuration, _ keys: CurveKeyPair, endpoints: [String]) throws {
        guard config.isSet(brokers) else { return }
        for text in config[brokers] {
            let (endpoint, key) = try BrokerAddress.split(text)
            guard let key, endpoints.contains(endpoint), key != keys.publicKey else { continue }
            throw NovaError(
                .badRequest,
                "[queue] brokers gives \(endpoint) the key \(key), but [queue] key_file holds \(keys.publicKey). "
                    + "Correct one of them.")
        }
    }

    private static func refusePlain(
        _ endpoint: String, isInsecure: Bool, name: String, insecureName: String, remedy: String
    ) throws {
        guard BrokerAddress.isLoopback(endpoint) else {
            throw NovaError(
                .badRequest,
                "\(name): \(endpoint) has no key, and plain connections between hosts are refused. \(remedy).")
        }
        guard isInsecure else {
            throw NovaError(
                .badRequest,
                "\(name): \(endpoint) has no key, and plain connections are refused. \(remedy), or set "
                    + "\(insecureName), for a loopback address only.")
        }
    }
}
