import NetworkDriver
import NovaCore
import NovaDatabase
import NovaWire

/// Finds free addresses of a subnet and free hardware addresses, inside a transaction.
struct AddressSearch {
    let connection: Connection

    /// The next free address of the pools, behind the one given out last, so that an address rests before it is used
    /// again; nil when there is none.
    ///
    /// The subnet's row remembers it.
    ///
    /// Almost always one look into the index; where many neighbours are taken, one walk to the first gap.
    func take(from subnet: SubnetRow) throws -> IPv4Address? {
        for range in ranges(of: subnet) {
            guard let free = try firstFree(in: range, of: subnet.id) else { continue }
            try connection.post(
                "UPDATE subnets SET next_address = ? WHERE id = ?",
                [.integer(Int64(free.value) + 1), subnet.id.column])
            return free
        }
        return nil
    }

    /// Says that ``take(from:)`` follows.
    func expect(from subnet: SubnetRow) throws {
        guard let first = ranges(of: subnet).first else { return }
        try connection.expect(Self.taken, Self.place(first.lowerBound, subnet.id))
    }

    /// The pools, from the address on that was not given out for the longest time.
    private func ranges(of subnet: SubnetRow) -> [ClosedRange<IPv4Address>] {
        let start = IPv4Address(UInt32(clamping: subnet.nextAddress))
        let pools = subnet.poolRanges
        let ahead = pools.compactMap { $0.upperBound < start ? nil : max($0.lowerBound, start)...$0.upperBound }
        let behind = pools.compactMap { pool in
            pool.lowerBound < start ? pool.lowerBound...min(pool.upperBound, IPv4Address(start.value - 1)) : nil
        }
        return ahead + behind
    }

    private static let taken = "SELECT 1 FROM ports WHERE subnet_id = ? AND address = ?"

    private static func place(_ address: IPv4Address, _ subnet: SubnetID) -> [ColumnValue] {
        [subnet.column, .integer(Int64(address.value))]
    }

    /// Whether a port has the address.
    func isTaken(_ address: IPv4Address, of subnet: SubnetID) throws -> Bool {
        try connection.row(Self.taken, Self.place(address, subnet)) { try $0.int(0) } != nil
    }

    private func firstFree(in range: ClosedRange<IPv4Address>, of subnet: SubnetID) throws -> IPv4Address? {
        guard try isTaken(range.lowerBound, of: subnet) else { return range.lowerBound }
        let gap = try connection.row(
            """
            SELECT p.address + 1 FROM ports AS p
            WHERE p.subnet_id = ?1 AND p.address >= ?2 AND p.address < ?3 AND NOT EXISTS (
                SELECT 1 FROM ports AS q WHERE q.subnet_id = ?1 AND q.address = p.address + 1)
            ORDER BY p.address LIMIT 1
            """,
            [
                subnet.column, .integer(Int64(range.lowerBound.value)), .integer(Int64(range.upperBound.value)),
            ]
        ) { try $0.int(0) }
        return gap.map { IPv4Address(UInt32(clamping: $0)) }
    }

    /// A hardware address that no port of the cloud has: `fa:16:3e` and three random bytes.
    func freshMAC() throws -> String {
        for _ in 0..<1000 {
            let bytes = (0..<3).map { _ in Hex.encode([UInt8.random(in: 0...255)]) }
            let mac = (["fa", "16", "3e"] + bytes).joined(separator: ":")
            let taken = try connection.row("SELECT 1 FROM ports WHERE mac = ?", [.text(mac)]) { try $0.int(0) } != nil
            if !taken { return mac }
        }
        throw NovaError(.conflict, "Unable to generate unique mac for a port: too many ports exist.")
    }
}
