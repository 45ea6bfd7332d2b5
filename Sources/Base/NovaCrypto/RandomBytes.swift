/// Bytes from the system's cryptographic generator.
public enum RandomBytes {
    /// So many unpredictable bytes.
    public static func make(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: generator.next() as UInt64) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Unpredictable text of URL-safe characters with the entropy of so many bytes: for generated passwords.
    public static func text(entropyBytes count: Int = 18) -> String { Base64.encodeURL(make(count)) }
}
