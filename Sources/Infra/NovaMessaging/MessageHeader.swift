public import NovaCore
public import NovaWire

/// The first of a message's two frames: all that the broker reads (`proto-spec/wire/envelope.md`).
public struct MessageHeader: Sendable, Hashable {
    /// "NQ".
    public static let magic: (UInt8, UInt8) = (0x4E, 0x51)
    /// The newest header version that this code speaks.
    public static let version: UInt8 = 1
    /// The largest header frame that is read, in bytes.
    public static let maximumBytes = 4096
    /// The largest body frame, in bytes.
    public static let maximumBody = 1 << 20
    /// The longest text in a header, in bytes.
    static let maximumText = 255

    public var kind: MessageKind
    public var flags: MessageFlags = []
    public var id: MessageID
    public var queue: QueueName = .none
    /// The topic that declares the method; empty when it is the queue's.
    public var interface = ""
    public var method: UInt16 = 0
    /// The interface's minor version that the method needs; in HELLO and WELCOME the header version.
    public var since: UInt16 = 0
    /// Time left in milliseconds; each hop subtracts its own waiting.
    public var remaining: Int64 = 0
    /// 0 at the first delivery, one more after each lost worker.
    public var attempt: UInt8 = 0
    /// Slots in READY and CREDIT, the boot id in WELCOME, a ``RejectReason`` in REJECT, an offset in ADMIN.
    public var amount: UInt64 = 0
    /// The request that the message works for.
    public var trace = UUID128(high: 0, low: 0)
    /// The sender; written by the broker, whatever the sender put there (in HELLO: who the peer is).
    public var principal = PeerName()

    public init(_ kind: MessageKind, id: MessageID) {
        self.kind = kind
        self.id = id
    }

    /// The header's frame.
    public func encoded() -> [UInt8] {
        var writer = WireWriter(reserving: 128)
        encode(to: &writer)
        return writer.bytes
    }

    /// Appends the header's frame to a writer.
    public func encode(to writer: inout WireWriter) {
        writer.byte(Self.magic.0)
        writer.byte(Self.magic.1)
        writer.byte(Self.version)
        writer.byte(kind.rawValue)
        writer.byte(flags.rawValue)
        writer.fixed64(id.sender)
        writer.varint(id.counter)
        writer.byte(queue.kind.rawValue)
        writer.text(queue.topic)
        writer.text(queue.host)
        writer.text(interface)
        writer.varint(UInt64(method))
        writer.varint(UInt64(since))
        writer.varint(UInt64(max(0, remaining)))
        writer.byte(attempt)
        writer.varint(amount)
        writer.fixed64(trace.high)
        writer.fixed64(trace.low)
        writer.text(principal.role)
        writer.text(principal.host)
        writer.text(principal.instance)
    }

    /// Reads a header's frame; bytes after the known fields are those of a newer version and skipped.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(WireError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        let result: Result<MessageHeader, WireError> = WireReader.with(bytes) { reader in
            do throws(WireError) { return .success(try MessageHeader(from: &reader)) } catch { return .failure(error) }
        }
        self = try result.get()
    }

    /// Reads a header's frame.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        let result: Result<MessageHeader, WireError> = bytes.withUnsafeBytes { raw in
            do throws(WireError) { return .success(try MessageHeader(decoding: raw)) } catch { return .failure(error) }
        }
        self = try result.get()
    }

    private init(from reader: inout WireReader) throws(WireError) {
        let first = try reader.byte()
        let second = try reader.byte()
        let version = try reader.byte()
        guard first == Self.magic.0, second == Self.magic.1, version == Self.version,
            let kind = MessageKind(rawValue: try reader.byte())
        else { throw .badValue }
        flags = MessageFlags(rawValue: try reader.byte())
        let sender = try reader.fixed64()
        id = MessageID(sender: sender, counter: try reader.varint())
        self.kind = kind
        guard let queueKind = QueueKind(rawValue: try reader.byte()) else { throw .badValue }
        let topic = try Self.text(&reader)
        queue = QueueName(queueKind, topic: topic, host: try Self.text(&reader))
        interface = try Self.text(&reader)
        method = try Self.small(&reader)
        since = try Self.small(&reader)
        let left = try reader.varint()
        guard left <= UInt64(UInt32.max) else { throw .badValue }
        remaining = Int64(left)
        attempt = try reader.byte()
        amount = try reader.varint()
        let high = try reader.fixed64()
        trace = UUID128(high: high, low: try reader.fixed64())
        principal.role = try Self.text(&reader)
        principal.host = try Self.text(&reader)
        principal.instance = try Self.text(&reader)
    }

    private static func text(_ reader: inout WireReader) throws(WireError) -> String {
        let value = try reader.text()
        guard value.utf8.count <= maximumText else { throw .tooLarge }
        return value
    }

    private static func small(_ reader: inout WireReader) throws(WireError) -> UInt16 {
        let value = try reader.varint()
        guard value <= UInt64(UInt16.max) else { throw .badValue }
        return UInt16(value)
    }
}
