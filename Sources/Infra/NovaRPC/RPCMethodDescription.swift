public import NovaWire

/// What a method declares, for documents and tools.
public struct RPCMethodDescription: Sendable {
    public let topic: String
    public let name: String
    public let number: UInt16
    public let since: UInt16
    public let delivery: RPCDelivery
    public let isIdempotent: Bool
    public let isBackground: Bool
    public let timeout: Duration
    public let request: RecordDescription
    /// ``Nothing`` of a method that has nothing to say, and of casts and fanouts.
    public let response: RecordDescription

    /// Describes a method.
    public init<M: RPCMethod>(_ method: M.Type) {
        topic = M.topic
        name = M.name
        number = M.number
        since = M.since
        delivery = M.delivery
        isIdempotent = M.isIdempotent
        isBackground = M.isBackground
        timeout = M.timeout
        request = RecordDescription(M.self)
        response = RecordDescription(M.Response.self)
    }
}
