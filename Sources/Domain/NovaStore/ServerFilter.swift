public import NovaCore
public import NovaModel

/// Which servers a list asks for.
public struct ServerFilter: Sendable {
    public var project: ProjectID?
    public var user: UserID?
    public var host: String?
    public var image: String?
    public var vmStates: [VMState]?
    public var changedSince: Timestamp?
    public var deleted = false
    public var marker: ServerID?
    /// At most this many, -1 for all.
    public var limit: Int64 = 1000
    /// Further conditions on a row, checked one by one: names, addresses, tags, flavors.
    public var conditions: [@Sendable (ServerRecord) -> Bool] = []

    public init() {}

    var needsScan: Bool { !conditions.isEmpty }
    func matches(_ server: ServerRecord) -> Bool { conditions.allSatisfy { $0(server) } }
}
