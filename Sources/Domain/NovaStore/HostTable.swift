public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Compute hosts and daemons, inside one transaction.
public struct HostTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    public func list() throws -> [HostRecord] {
        try connection.rows("SELECT record FROM hosts ORDER BY host") { try $0.field(0, as: HostRecord.self) }
    }

    /// The compute hosts of which an operator has said that they are down, or take no servers.
    public func exceptions() throws -> (forcedDown: Set<String>, disabled: Set<String>) {
        let services = try connection.records(ServiceRecord.self, from: "services", where: Self.isException)
        return (Set(services.filter(\.isForcedDown).map(\.host)), Set(services.filter(\.isDisabled).map(\.host)))
    }

    /// Says that ``exceptions()`` follows.
    public func expectExceptions() throws {
        try connection.expect(ServiceRecord.self, from: "services", where: Self.isException)
    }

    private static let isException = "\"binary\" = 'nova-compute' AND (is_forced_down = 1 OR is_disabled = 1)"

    public func find(_ host: String) throws -> HostRecord? {
        try connection.row("SELECT record FROM hosts WHERE host = ?", [.text(host)]) {
            try $0.field(0, as: HostRecord.self)
        }
    }

    /// Writes what a host reports when it differs from what is known.
    ///
    /// - Returns: the host's record when it changed.
    public func report(_ resources: HostResources, at time: Timestamp = .now()) throws -> HostRecord? {
        var record = try find(resources.host) ?? HostRecord()
        guard record.resources != resources else { return nil }
        record.resources = resources
        record.updatedAt = time
        try save(record)
        return record
    }

    public func save(_ record: HostRecord) throws {
        try connection.execute(
            "INSERT INTO hosts (host, record) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET record = excluded.record",
            [.text(record.resources.host), record.column])
    }

    /// Daemons, in the order in which they came.
    public func services() throws -> [ServiceRecord] {
        try connection.records(ServiceRecord.self, from: "services", suffix: "ORDER BY sequence")
    }

    /// Notes that a daemon exists, and when it said so last.
    public func hello(binary: String, host: String, topic: String, zone: String, at time: Timestamp = .now()) throws {
        let known = try connection.execute(
            """
            UPDATE services SET updated_at = CASE WHEN updated_at < ?1 THEN ?1 ELSE updated_at END
            WHERE "binary" = ?2 AND host = ?3
            """,
            [.integer(time.microseconds), .text(binary), .text(host)])
        guard known == 0 else { return }
        var service = ServiceRecord()
        service.id = .random()
        service.sequence =
            try connection.row("SELECT coalesce(max(sequence), 0) + 1 FROM services") { try $0.int(0) } ?? 1
        service.binary = binary
        service.host = host
        service.topic = topic
        service.zone = zone
        service.createdAt = time
        service.updatedAt = time
        try connection.insert(service, into: "services")
    }

    /// Whether an operator has said that a compute host is down.
    public func isForcedDown(_ host: String) throws -> Bool {
        try connection.record(
            ServiceRecord.self, from: "services", where: "\"binary\" = ? AND host = ?",
            [.text("nova-compute"), .text(host)]
        )?.isForcedDown ?? false
    }

    /// Says that a compute host is down.
    public func declareDown(_ host: String, because reason: String, at time: Timestamp = .now()) throws {
        if var service = try service(binary: "nova-compute", host: host) {
            service.isForcedDown = true
            try update(service)
        }
        guard var record = try find(host) else { return }
        record.isForcedDown = true
        record.downReason = reason
        record.updatedAt = time
        try save(record)
    }

    public func update(_ service: ServiceRecord) throws {
        _ = try connection.update(service, in: "services", key: "id")
    }

    /// A daemon by its id or its number.
    public func service(_ id: ServiceID?, sequence: Int64?) throws -> ServiceRecord? {
        if let id { return try connection.record(ServiceRecord.self, from: "services", where: "id = ?", [id.column]) }
        guard let sequence else { return nil }
        return try connection.record(
            ServiceRecord.self, from: "services", where: "sequence = ?", [.integer(sequence)])
    }

    /// A daemon by its name and host.
    public func service(binary: String, host: String) throws -> ServiceRecord? {
        try connection.record(
            ServiceRecord.self, from: "services", where: "\"binary\" = ? AND host = ?", [.text(binary), .text(host)])
    }

    /// Forgets a daemon, and a compute host with its service.
    public func delete(_ service: ServiceRecord) throws {
        try connection.execute("DELETE FROM services WHERE id = ?", [service.id.column])
        if service.binary == "nova-compute" {
            try connection.execute("DELETE FROM hosts WHERE host = ?", [.text(service.host)])
        }
    }
}
