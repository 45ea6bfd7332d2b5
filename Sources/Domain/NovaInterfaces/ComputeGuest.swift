public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// What the hypervisor says of an instance's use of its devices.
///
/// - Throws: ``NovaError`` `notImplemented` when it says nothing, `notFound` without the instance.
public struct ComputeDiagnostics: RPCMethod, Equatable {
    public typealias Response = InstanceDiagnostics
    public static let topic = "compute"
    public static let name = "diagnostics"
    public static let number: UInt16 = 27
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var serverID = ServerID.none

    public init() {}
    public init(_ serverID: ServerID) {
        self.serverID = serverID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
    }
}

/// Sets the password of the guest's administrator by the agent in the guest.
///
/// - Throws: ``NovaError`` `notImplemented` when the hypervisor cannot, `conflict` when the guest has no agent or refuses.
public struct ComputeSetPassword: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "set_password"
    public static let number: UInt16 = 28
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var serverID = ServerID.none
    public var password = Secret("")

    public init() {}
    public init(_ serverID: ServerID, _ password: Secret<String>) {
        self.serverID = serverID
        self.password = password
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("password", &password)
    }
}
