import NovaCore

/// What the listening side makes of a peer's messages, apart from sockets and files.
///
///     greeting --hello--> deciding --admitted--> idle <--sent-- sending
///                                                 |  --fetch-->
///                                                 +--(stream)--> joined: bytes both ways, not seen here
struct ListenerState {
    /// What is to be done with a message.
    enum Action: Equatable {
        case nothing
        /// Decide whether the peer may have what it wants, and say ``admitted(_:)``.
        case decide(TransferHello)
        /// Send a file from a block on, and say ``sent()``.
        case send(OfferedFile, from: UInt64)
    }
    private enum Phase {
        case greeting
        case deciding
        case idle
        case sending
    }

    private var phase = Phase.greeting
    private var files: [String: OfferedFile] = [:]

    /// The peer was let in, and may fetch these files.
    mutating func admitted(_ files: [OfferedFile]) {
        phase = .idle
        self.files = Dictionary(files.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The file was sent.
    mutating func sent() { phase = .idle }

    /// Takes the next message.
    ///
    /// - Throws: ``NovaError`` `malformed` for a message out of turn, `notFound` for a file that is not offered,
    ///   `unsupportedVersion`.
    mutating func handle(_ frame: TransferFrame) throws -> Action {
        switch (phase, frame) {
        case (.idle, .beat): return .nothing
        case (.greeting, .hello(let hello)):
            guard hello.version >= TransferHello.version else {
                throw NovaError(.unsupportedVersion, "The compute hosts have no version of transfers in common.")
            }
            phase = .deciding
            return .decide(hello)
        case (.idle, .fetch(let fetch)):
            guard let file = files[fetch.name] else {
                throw NovaError(.notFound, "This file is not offered.")
            }
            guard fetch.block <= BlockDigest.count(of: file.size) else {
                throw TransferFrame.malformed("a block behind the end")
            }
            phase = .sending
            return .send(file, from: fetch.block)
        default: throw TransferFrame.malformed("a message out of turn")
        }
    }
}
