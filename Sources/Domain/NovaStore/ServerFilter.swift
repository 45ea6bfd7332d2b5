public import NovaCore
public import NovaModel

/// Which servers a list asks for, and in which order.
public struct ServerFilter: Sendable {
    /// Whether deleted servers are wanted.
    public enum Deleted: Sendable {
        case no
        case only
        case also
    }
    /// One key of the order; nil of a value comes first, as NULL does.
    public struct SortKey: Sendable {
        public var value: @Sendable (ServerRecord) -> SortValue?
        public var isDescending: Bool

        public init(isDescending: Bool, _ value: @escaping @Sendable (ServerRecord) -> SortValue?) {
            self.value = value
            self.isDescending = isDescending
        }
    }
    public enum SortValue: Comparable, Sendable {
        case number(Int64)
        case text(String)
    }

    public var project: ProjectID?
    public var user: UserID?
    public var host: String?
    public var image: String?
    public var id: ServerID?
    public var vmStates: [VMState]?
    public var changedSince: Timestamp?
    public var changedBefore: Timestamp?
    public var deleted = Deleted.no
    /// Whether deleted servers that are kept for a while are left out.
    public var hidesSoftDeleted = false
    public var marker: ServerID?
    /// At most this many, -1 for all.
    public var limit: Int64 = 1000
    /// Further conditions on a row, checked one by one: names, addresses, tags, flavors.
    public var conditions: [@Sendable (ServerRecord) -> Bool] = []
    /// The order; empty: newest first.
    public var order: [SortKey] = []

    public init() {}

    var needsScan: Bool { !conditions.isEmpty || !order.isEmpty }
    func matches(_ server: ServerRecord) -> Bool { conditions.allSatisfy { $0(server) } }

    /// Whether a server comes before another one.
    func precedes(_ a: ServerRecord, _ b: ServerRecord) -> Bool {
        for key in order {
            switch (key.value(a), key.value(b)) {
            case (nil, nil): continue
            case (nil, _): return !key.isDescending
            case (_, nil): return key.isDescending
            case (let left?, let right?):
                if left != right { return (left < right) != key.isDescending }
            }
        }
        return (b.createdAt, b.id) < (a.createdAt, a.id)
    }
}
