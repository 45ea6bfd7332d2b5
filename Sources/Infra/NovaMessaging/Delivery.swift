/// A message as a worker gets it.
public struct Delivery: Sendable {
    public let header: MessageHeader
    public let body: [UInt8]
}

/// Begins work on a delivery, at once and without blocking; the answer cancels that work.
public typealias DeliveryHandler = @Sendable (Delivery) -> @Sendable () -> Void
