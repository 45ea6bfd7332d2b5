public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// How far a live migration is, told by the host that the guest leaves; the answer says what operators want of it.
public struct MigrationReport: RPCMethod, Equatable {
    public static let topic = "conductor"
    public static let name = "migration_report"
    public static let number: UInt16 = 11
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        /// Nil to let it go on.
        public var wish: MigrationWish?
        public init() {}
        public init(_ wish: MigrationWish?) { self.wish = wish }
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("wish", &wish) }
    }

    public var host = ""
    public var migrationID = MigrationID.none
    /// Nil while it waits for others that leave the host.
    public var figures: MigrationFigures?

    public init() {}
    public init(host: String, _ migrationID: MigrationID, _ figures: MigrationFigures?) {
        self.host = host
        self.migrationID = migrationID
        self.figures = figures
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host", &host)
        visitor.visit("migration_id", &migrationID)
        visitor.visit("figures", &figures)
    }
}
