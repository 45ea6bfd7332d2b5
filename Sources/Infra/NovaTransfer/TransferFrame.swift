import NovaCore
import NovaWire

/// One message between two compute services (`proto-spec/wire/transfer.md`).
enum TransferFrame: Equatable, Sendable {
    /// Who connects says first what allows it.
    case hello(TransferHello)
    /// It was let in; the files that it may fetch.
    case welcome(TransferWelcome)
    /// It was not let in, or what it asked for cannot be had.
    case refused(TransferRefusal)
    /// Send a file, from one of its blocks on.
    case fetch(TransferFetch)
    /// A block of the file that is being sent. Blocks without data are left out.
    case block(index: UInt64, bytes: ArraySlice<UInt8>)
    /// All blocks of the file were sent.
    case end
    /// Bytes of a stream.
    case bytes(ArraySlice<UInt8>)
    /// No more bytes will come in this direction of a stream.
    case finished
    /// The sender is there, and has nothing to say.
    case beat

    /// What stands before each message's body: its kind and its length.
    static let headLength = 5
    /// The largest body before the peer has been let in: what a grant needs.
    static let greetingLimit = 8 << 10
    /// The largest body after that: a block with its index.
    static let bodyLimit = BlockDigest.blockSize + 8

    private enum Kind: UInt8 {
        case hello = 1
        case welcome = 2
        case refused = 3
        case fetch = 4
        case block = 5
        case end = 6
        case bytes = 7
        case finished = 8
        case beat = 9
    }

    /// Reads a message of its kind and its body.
    ///
    /// - Throws: ``NovaError`` `malformed` for what is none.
    init(kind: UInt8, body: ArraySlice<UInt8>) throws {
        switch Kind(rawValue: kind) {
        case .hello: self = .hello(try TransferHello(decoding: Array(body)))
        case .welcome: self = .welcome(try TransferWelcome(decoding: Array(body)))
        case .refused: self = .refused(try TransferRefusal(decoding: Array(body)))
        case .fetch: self = .fetch(try TransferFetch(decoding: Array(body)))
        case .block:
            guard body.count > 8 else { throw Self.malformed("a block of \(body.count) bytes") }
            let index = body.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            self = .block(index: index, bytes: body.dropFirst(8))
        case .bytes:
            guard !body.isEmpty else { throw Self.malformed("a piece of a stream without bytes") }
            self = .bytes(body)
        case .end, .finished, .beat:
            guard body.isEmpty else { throw Self.malformed("kind \(kind) with a body") }
            self = kind == Kind.end.rawValue ? .end : kind == Kind.finished.rawValue ? .finished : .beat
        case nil: throw Self.malformed("kind \(kind)")
        }
    }

    /// The message as it travels.
    func encoded() -> [UInt8] {
        switch self {
        case .hello(let record): Self.frame(.hello, record.encoded())
        case .welcome(let record): Self.frame(.welcome, record.encoded())
        case .refused(let record): Self.frame(.refused, record.encoded())
        case .fetch(let record): Self.frame(.fetch, record.encoded())
        case .block(let index, let bytes): Self.frame(.block, index: index, bytes)
        case .end: Self.frame(.end, [])
        case .bytes(let bytes): Self.frame(.bytes, index: nil, bytes)
        case .finished: Self.frame(.finished, [])
        case .beat: Self.frame(.beat, [])
        }
    }

    static func malformed(_ details: String) -> NovaError {
        NovaError(.malformed, "A malformed message was refused.", details: "transfer: \(details)")
    }

    private static func frame(_ kind: Kind, _ body: [UInt8]) -> [UInt8] { frame(kind, index: nil, body[...]) }

    private static func frame(_ kind: Kind, index: UInt64?, _ body: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        let length = UInt32(clamping: body.count + (index == nil ? 0 : 8))
        bytes.reserveCapacity(headLength + Int(length))
        bytes.append(kind.rawValue)
        withUnsafeBytes(of: length.bigEndian) { bytes.append(contentsOf: $0) }
        if let index { withUnsafeBytes(of: index.bigEndian) { bytes.append(contentsOf: $0) } }
        bytes.append(contentsOf: body)
        return bytes
    }
}
