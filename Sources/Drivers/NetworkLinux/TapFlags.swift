import Glibc

/// What the kernel says of a tap.
enum TapFlags {
    /// IFF_MULTI_QUEUE of `linux/if_tun.h`.
    private static let multiQueue = 0x0100

    /// Whether a tap was made for several queues; nil when there is no such tap.
    static func hasQueues(_ tap: String) -> Bool? {
        guard !tap.contains("/"), let file = fopen("/sys/class/net/\(tap)/tun_flags", "re") else { return nil }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 32)
        guard fgets(&text, Int32(text.count), file) != nil else { return nil }
        return flags(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            .map { $0 & multiQueue != 0 }
    }

    /// The number that the kernel prints: `0x1102`.
    static func flags(_ text: String) -> Int? {
        let digits = text.filter { !$0.isWhitespace }
        return Int(digits.hasPrefix("0x") ? String(digits.dropFirst(2)) : digits, radix: 16)
    }
}
