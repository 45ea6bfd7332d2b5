import CZeroMQ

/// The public half of a key pair: who a process is on the queue.
///
/// Its text is ZeroMQ's own: 40 characters of Z85, without spaces, commas or quotes.
public struct CurvePublicKey: Sendable, Hashable, LosslessStringConvertible {
    static let textLength = 40
    static let byteCount = 32

    public let description: String

    /// Reads a key's text; nil when it is none.
    public init?(_ text: String) {
        guard Z85.decode(text)?.count == Self.byteCount else { return nil }
        description = text
    }

    /// The key of 32 bytes.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, let text = Z85.encode(bytes) else { return nil }
        description = text
    }
}

/// ZeroMQ's text form of keys: five characters for four bytes.
enum Z85 {
    /// The text; nil unless the number of bytes can be divided by four.
    static func encode(_ bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty, bytes.count % 4 == 0, bytes.count <= 1_024 else { return nil }
        let text = [CChar](unsafeUninitializedCapacity: bytes.count / 4 * 5 + 1) { buffer, count in
            count = zmq_z85_encode(buffer.baseAddress, bytes, bytes.count) == nil ? 0 : bytes.count / 4 * 5
        }
        guard !text.isEmpty else { return nil }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The bytes; nil for text that no bytes have.
    static func decode(_ text: String) -> [UInt8]? {
        let length = text.utf8.count
        guard length > 0, length % 5 == 0, length <= 1_280, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: length / 5 * 4) { buffer, count in
            count = text.withCString { zmq_z85_decode(buffer.baseAddress, $0) } == nil ? 0 : length / 5 * 4
        }
        // Characters that Z85 does not have decode to something all the same in some versions of the library.
        guard !bytes.isEmpty, encode(bytes) == text else { return nil }
        return bytes
    }
}
