public import NovaRPC
public import NovaWire

/// What the cloud tells whoever listens.
///
/// See `proto-spec/rpc/notifications.md`.
public enum NotificationsInterface: RPCInterface {
    public static let topic = "notifications"
    public static let methods: [any RPCMethod.Type] = [Notify.self]
}

/// Fanout: something has begun or ended, as JSON in the form of Nova's versioned notifications.
public struct Notify: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "notifications"
    public static let name = "notify"
    public static let number: UInt16 = 1
    public static let delivery = RPCDelivery.fanout
    public static let isIdempotent = true

    /// `instance.create.end`: the same as in the JSON, so that listeners can choose without reading it.
    public var eventType = ""
    /// UTF-8.
    public var json = Blob()

    public init() {}
    public init(_ eventType: String, json: [UInt8]) {
        self.eventType = eventType
        self.json = Blob(json)
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("event_type", &eventType)
        visitor.visit("json", &json)
    }
}
