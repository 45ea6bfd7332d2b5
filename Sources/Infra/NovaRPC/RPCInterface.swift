/// All methods of one topic, declared once: documents, tests and tools read them here.
public protocol RPCInterface: SendableMetatype {
    /// The topic that the methods are served on.
    static var topic: String { get }
    /// The methods, in the order of their numbers.
    static var methods: [any RPCMethod.Type] { get }
}

extension RPCInterface {
    /// What is known of each method.
    public static var descriptions: [RPCMethodDescription] { methods.map { RPCMethodDescription($0) } }
}
