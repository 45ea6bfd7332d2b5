import Glibc

extension String {
    /// The text of UTF-8 bytes; nil when they are not valid UTF-8.
    ///
    /// As `String(validating:as:)`, which takes several times as long (in Swift 6.3 each call looks up generic
    /// metadata): what `String(decoding:as:)` had to repair differs from the bytes, as a repaired text is valid.
    public init?(utf8 bytes: UnsafeRawBufferPointer) {
        let value = bytes.withMemoryRebound(to: UInt8.self) { String(decoding: $0, as: UTF8.self) }
        let isSame = value.utf8.withContiguousStorageIfAvailable { utf8 in
            guard utf8.count == bytes.count else { return false }
            guard let a = utf8.baseAddress, let b = bytes.baseAddress else { return true }
            return memcmp(a, b, bytes.count) == 0
        }
        guard isSame == true else { return nil }
        self = value
    }
}
