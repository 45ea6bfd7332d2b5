/// Comparing secrets without telling, by the time it takes, where they differ.
public enum ConstantTime {
    /// Whether two byte strings are equal; the time depends on their lengths only.
    public static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for index in a.indices { difference |= a[index] ^ b[index] }
        return difference == 0
    }

    /// Whether two texts have equal UTF-8; the time depends on their lengths only.
    public static func equal(_ a: String, _ b: String) -> Bool { equal(Array(a.utf8), Array(b.utf8)) }
}
