public import NovaWire

/// One remote method: the request record *is* the method, and declares all that is known of it.
///
/// Numbers are unique within a topic and never reused.
public protocol RPCMethod<Response>: Record {
    /// What the method answers; ``Nothing`` when it has nothing to say.
    associatedtype Response: Record

    /// The interface that the method belongs to, which is the topic it is served on: "compute".
    static var topic: String { get }
    /// The method's name, for logs and documents: "build".
    static var name: String { get }
    /// The method's number on the wire.
    static var number: UInt16 { get }
    /// The minor version of the interface that brought the method; default 0.
    static var since: UInt16 { get }
    /// How it is sent; default ``RPCDelivery/call``.
    static var delivery: RPCDelivery { get }
    /// Whether it may run again after a worker that had taken it died; default false.
    static var isIdempotent: Bool { get }
    /// Whether nobody waits for it, as for periodic reports: it goes after the other messages of its queue; default false.
    static var isBackground: Bool { get }
    /// The same request in the words of an older version of the interface, for workers that are too old for this one;
    /// default nil.
    var predecessor: (any RPCMethod<Response>)? { get }
    /// How long a caller waits when it says nothing else; default 60 seconds.
    static var timeout: Duration { get }
}

extension RPCMethod {
    public static var since: UInt16 { 0 }
    public static var delivery: RPCDelivery { .call }
    public static var isIdempotent: Bool { false }
    public static var isBackground: Bool { false }
    public static var timeout: Duration { .seconds(60) }
    public var predecessor: (any RPCMethod<Response>)? { nil }
}
