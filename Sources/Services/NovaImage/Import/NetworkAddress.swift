import Glibc

/// An address of the internet protocol, version 4 or 6.
struct NetworkAddress: Equatable, CustomStringConvertible {
    /// 4 or 16.
    let bytes: [UInt8]

    /// The address of a text such as `192.0.2.1` or `2001:db8::1`; nil for any other.
    init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: six) { Array($0) }
        } else {
            return nil
        }
    }

    /// The address of a socket; nil for another family.
    init?(_ socket: UnsafeMutablePointer<sockaddr>) {
        switch Int32(socket.pointee.sa_family) {
        case AF_INET:
            bytes = socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            bytes = socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) }
            }
        default: return nil
        }
    }

    var description: String {
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
        return stride(from: 0, to: bytes.count - 1, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }.joined(separator: ":")
    }

    /// Whether it is an address of the internet, not of this host, of a private network or of a special use.
    var isPublic: Bool { bytes.count == 4 ? Self.isPublic(bytes) : isPublicSix }

    private static let specialFour: [([UInt8], Int)] = [
        ([0, 0, 0, 0], 8), ([10, 0, 0, 0], 8), ([100, 64, 0, 0], 10), ([127, 0, 0, 0], 8), ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12), ([192, 0, 0, 0], 24), ([192, 0, 2, 0], 24), ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16), ([198, 18, 0, 0], 15), ([198, 51, 100, 0], 24), ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4), ([240, 0, 0, 0], 4),
    ]

    private static func isPublic(_ four: [UInt8]) -> Bool {
        !specialFour.contains { isIn(four, $0.0, $0.1) }
    }

    /// Only 2000::/3 is given out; parts of it hold addresses of version 4, or are no servers'.
    private var isPublicSix: Bool {
        if Self.isIn(bytes, [0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8), 96) {
            return Self.isPublic(Array(bytes[12...]))
        }
        guard Self.isIn(bytes, [0x20], 3) else { return false }
        if Self.isIn(bytes, [0x20, 0x02], 16) { return Self.isPublic(Array(bytes[2..<6])) }
        let special: [([UInt8], Int)] = [
            ([0x20, 0x01, 0x00, 0x00], 23), ([0x20, 0x01, 0x0D, 0xB8], 32), ([0x3F, 0xFF, 0x00], 20),
        ]
        return !special.contains { Self.isIn(bytes, $0.0, $0.1) }
    }

    private static func isIn(_ address: [UInt8], _ network: [UInt8], _ bits: Int) -> Bool {
        for bit in 0..<bits {
            let mask: UInt8 = 0x80 >> UInt8(bit % 8)
            guard bit / 8 < address.count, bit / 8 < network.count,
                address[bit / 8] & mask == network[bit / 8] & mask
            else { return false }
        }
        return true
    }
}
