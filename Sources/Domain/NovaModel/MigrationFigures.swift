public import NovaWire

/// How far a live migration is, as the hypervisor counts.
public struct MigrationFigures: Record, Equatable {
    public var memoryTotal: Int64 = 0
    public var memoryProcessed: Int64 = 0
    public var memoryRemaining: Int64 = 0
    public var diskTotal: Int64 = 0
    public var diskProcessed: Int64 = 0
    public var diskRemaining: Int64 = 0
    /// Milliseconds.
    public var elapsed: Int64 = 0
    /// Milliseconds in which the guest stood still; 0 until it has arrived.
    public var downtime: Int64 = 0

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("memory_total", &memoryTotal)
        visitor.visit("memory_processed", &memoryProcessed)
        visitor.visit("memory_remaining", &memoryRemaining)
        visitor.visit("disk_total", &diskTotal)
        visitor.visit("disk_processed", &diskProcessed)
        visitor.visit("disk_remaining", &diskRemaining)
        visitor.visit("elapsed", &elapsed)
        visitor.visit("downtime", &downtime)
    }

    /// How much of the memory is there, in percent.
    public var percentage: Int64 {
        guard memoryTotal > 0 else { return 0 }
        let remaining = max(0, min(memoryTotal, memoryRemaining))
        return Int64((Double(memoryTotal - remaining) / Double(memoryTotal) * 100).rounded(.down))
    }
}

/// What an operator wants of a live migration that is under way.
public enum MigrationWish: String, WireEnum {
    case abort
    case forceComplete = "force-complete"
}
