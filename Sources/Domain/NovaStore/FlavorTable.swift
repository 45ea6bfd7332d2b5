public import NovaCore
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

    /// Deletes a flavor with its access list.
    ///
    /// - Returns: whether there was one to delete.
    public func delete(_ id: String) throws -> Bool {
        try connection.execute("DELETE FROM flavor_access WHERE flavor_id = ?", [.text(id)])
        return try connection.execute("DELETE FROM flavors WHERE id = ?", [.text(id)]) > 0
    }

    /// Changes a flavor; the body gets the row as it is now.
    ///
    /// - Returns: the changed flavor, nil when there is none of this id.
    public func change(_ id: String, _ body: (inout Flavor) throws -> Void) throws -> Flavor? {
        guard var flavor = try find(id) else { return nil }
        try body(&flavor)
        try update(flavor)
        return flavor
    }

    /// The projects that may use a flavor that is not public.
    public func projects(of id: String) throws -> [ProjectID] {
        try connection.rows(
            "SELECT project_id FROM flavor_access WHERE flavor_id = ? ORDER BY project_id", [.text(id)]
        ) { try $0.field(0, as: ProjectID.self) }
    }

    /// The ids of the flavors whose access list has a project.
    public func granted(to project: ProjectID) throws -> Set<String> {
        Set(
            try connection.rows("SELECT flavor_id FROM flavor_access WHERE project_id = ?", [project.column]) {
                try $0.text(0)
            })
    }

    /// A flavor that a project may use: a public one, or one whose access list has the project.
    public func find(_ id: String, for project: ProjectID?, isAdmin: Bool) throws -> Flavor? {
        guard let flavor = try find(id) else { return nil }
        if flavor.isPublic || isAdmin { return flavor }
        guard let project else { return nil }
        return try projects(of: id).contains(project) ? flavor : nil
    }

    /// Lets a project use a flavor.
    ///
    /// - Returns: whether it could not before.
    public func grant(_ id: String, to project: ProjectID) throws -> Bool {
        guard try !projects(of: id).contains(project) else { return false }
        try connection.execute(
            "INSERT INTO flavor_access (flavor_id, project_id) VALUES (?, ?)", [.text(id), project.column])
        return true
    }

    /// Takes a flavor away from a project.
    ///
    /// - Returns: whether the project was on the list.
    public func revoke(_ id: String, from project: ProjectID) throws -> Bool {
        try connection.execute(
            "DELETE FROM flavor_access WHERE flavor_id = ? AND project_id = ?", [.text(id), project.column]) > 0
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
