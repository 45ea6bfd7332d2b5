public import NovaCore
public import NovaModel

/// A driver that can bring a running guest to another host, with its memory and its disks.
///
/// Streams go by unix sockets: the host that the guest goes to has sockets at which its hypervisor listens
/// (``streams(of:at:)``), the other one has doors (``doors(of:to:)``) at which the caller takes what is for them.
public protocol LiveMigrationDriver: VirtDriver {
    /// What a running guest needs of another host, as far as the hypervisor knows it.
    ///
    /// - Throws: ``NovaError`` `notFound`; `conflict` when it does not run.
    func needs(of id: ServerID) async throws -> GuestNeeds

    /// What the hypervisor of this host has against a guest: its CPU, its machine; a part of a sentence each.
    func refusals(of needs: GuestNeeds) async throws -> [String]

    /// Says where a guest is to come.
    func expect(_ instance: InstanceSpec, parts: InstanceParts) async throws -> GuestPlace

    /// The sockets of this host for a guest that comes, by the names of their streams; none for a driver without streams.
    func streams(of id: ServerID, at place: GuestPlace) async throws -> [String: String]

    /// Where this host's hypervisor looks for the streams of a guest that goes; their folder is there.
    func doors(of id: ServerID, to place: GuestPlace) async throws -> [String: String]

    /// Removes what was made for the streams of a guest.
    func forgetStreams(of id: ServerID) async

    /// Where a guest stands.
    func presence(of id: ServerID) async throws -> GuestPresence

    /// Brings a guest to another host, and returns when it has left.
    ///
    /// - Throws: ``NovaError`` `conflict` when it was aborted; `hypervisor`. The guest goes on here then.
    func migrate(_ id: ServerID, to place: GuestPlace) async throws

    /// How far the migration of a guest is that leaves; nil when none is under way.
    func figures(of id: ServerID) async throws -> MigrationFigures?

    /// What the migration of a guest took that has come; nil when nothing is known of it.
    func arrivalFigures(of id: ServerID) async throws -> MigrationFigures?

    /// Breaks a migration off; ``migrate(_:to:)`` throws then. Does nothing when none is under way.
    func abortMigration(of id: ServerID) async throws

    /// Makes a migration end soon at the cost of the guest.
    func completeMigration(of id: ServerID) async throws -> MigrationCompletion

    /// Breaks off a migration that may be under way and waits for its end; a guest that is here then runs if it is to.
    ///
    /// - Throws: ``NovaError`` `unavailable` when it does not end in time.
    func endMigration(of id: ServerID, runs: Bool) async throws -> GuestPresence
}
