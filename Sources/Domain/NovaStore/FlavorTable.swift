public import NovaDatabase
public import NovaModel
import NovaWire

/// Flavors, inside one transaction.
public struct FlavorTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// All flavors in the order of their sizes (RAM, then id), as lists show them.
    public func list() throws -> [Flavor] {
        try connection.records(Flavor.self, from: "flavors", suffix: "ORDER BY memory_mb, id")
    }

    public func find(_ id: String) throws -> Flavor? {
        try connection.record(Flavor.self, from: "flavors", where: "id = ?", [.text(id)])
    }

    /// Adds a flavor.
    ///
    /// - Throws: `conflict` when its id or name is taken.
    public func insert(_ flavor: inout Flavor) throws {
        flavor.sequence =
            try connection.row("SELECT coalesce(max(sequence), 0) + 1 FROM flavors") { try $0.int(0) } ?? 1
        try connection.insert(flavor, into: "flavors")
    }

    public func update(_ flavor: Flavor) throws { _ = try connection.update(flavor, in: "flavors", key: "sequence") }

    /// Whether there was one to delete.
    public func delete(_ id: String) throws -> Bool {
        try connection.execute("DELETE FROM flavors WHERE id = ?", [.text(id)]) > 0
    }

    /// Adds the five default flavors of `spec/mission.md` 3 to a database that has never had any.
    public func insertDefaults() throws {
        guard try connection.row("SELECT 1 FROM flavors LIMIT 1", [], { try $0.int(0) }) == nil else { return }
        let sizes: [(String, Int64, Int64, Int64)] = [
            ("m1.tiny", 512, 1, 1), ("m1.small", 2048, 1, 20), ("m1.medium", 4096, 2, 40), ("m1.large", 8192, 4, 80),
            ("m1.xlarge", 16384, 8, 160),
        ]
        for (index, (name, memory, vcpus, disk)) in sizes.enumerated() {
            var flavor = Flavor()
            flavor.id = String(index + 1)
            flavor.name = name
            flavor.memoryMB = memory
            flavor.vcpus = vcpus
            flavor.rootGB = disk
            try insert(&flavor)
        }
    }
}
