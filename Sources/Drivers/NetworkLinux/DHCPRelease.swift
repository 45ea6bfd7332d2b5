import Glibc
import NetworkDriver
import NovaCore

/// Tells dnsmasq that a guest gave its address back, as the guest itself would (RFC 2131, DHCPRELEASE).
///
/// Without it dnsmasq keeps the old lease for a day and refuses the address to the port that gets it next.
enum DHCPRelease {
    private static let serverPort: UInt16 = 67

    /// The message of 300 bytes, the least that BOOTP allows.
    static func message(mac: [UInt8], address: IPv4Address, server: IPv4Address) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 300)
        func put(_ address: IPv4Address, at offset: Int) {
            for index in 0..<4 {
                bytes[offset + index] = UInt8(truncatingIfNeeded: address.value >> UInt32(24 - 8 * index))
            }
        }
        bytes[0] = 1  // request
        bytes[1] = 1  // Ethernet
        bytes[2] = UInt8(mac.count)
        put(address, at: 12)
        bytes.replaceSubrange(28..<28 + min(16, mac.count), with: mac.prefix(16))
        bytes.replaceSubrange(236..<240, with: [99, 130, 83, 99])
        bytes.replaceSubrange(240..<243, with: [53, 1, 7])  // message type: release
        bytes.replaceSubrange(243..<245, with: [54, 4])  // server identifier
        put(server, at: 245)
        bytes[249] = 255
        return bytes
    }

    /// Sends a message per lease to the server on the bridge; a lease that cannot be sent ends by itself in a day.
    ///
    /// - Returns: how many were sent. Blocks.
    static func send(_ leases: [AddressLease], server: IPv4Address, bridge: String) -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        // Bound to the bridge, the packet to the host's own address arrives as if it had come in over the bridge.
        let device = Array(bridge.utf8) + [0]
        guard setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, device, socklen_t(device.count)) == 0 else {
            return 0
        }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = serverPort.bigEndian
        target.sin_addr.s_addr = server.value.bigEndian
        return leases.reduce(0) { sent, lease in
            guard let mac = Hex.decode(lease.mac.filter { $0 != ":" }), mac.count == 6 else { return sent }
            let bytes = message(mac: mac, address: lease.address, server: server)
            let count = withUnsafePointer(to: &target) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    sendto(descriptor, bytes, bytes.count, 0, address, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            return sent + (count == bytes.count ? 1 : 0)
        }
    }
}
