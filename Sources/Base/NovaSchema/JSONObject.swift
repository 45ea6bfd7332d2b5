import OrderedCollections

/// A JSON object that keeps the order of its members.
public struct JSONObject: Sendable, Equatable {
    private var members: OrderedDictionary<String, JSONValue>

    /// An empty object.
    public init() { members = [:] }

    /// An object of the given members; a later member replaces an earlier one of the same name.
    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        members = OrderedDictionary(pairs, uniquingKeysWith: { _, last in last })
    }

    /// The value of a member; setting nil removes it, setting a new one appends it.
    public subscript(_ name: String) -> JSONValue? {
        get { members[name] }
        set { members[name] = newValue }
    }

    /// The names, in order.
    public var keys: [String] { Array(members.keys) }
    /// The number of members.
    public var count: Int { members.count }
    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }

    /// Sets a member; returns whether the name was new.
    mutating func append(_ name: String, _ value: JSONValue) -> Bool {
        members.updateValue(value, forKey: name) == nil
    }

    /// Two objects are equal when they have the same members, in whatever order.
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.count == b.count && a.allSatisfy { b[$0.key] == $0.value }
    }
}

extension JSONObject: Sequence {
    /// Goes over the members in order.
    public struct Iterator: IteratorProtocol {
        fileprivate var base: OrderedDictionary<String, JSONValue>.Iterator
        /// The next member.
        public mutating func next() -> (key: String, value: JSONValue)? { base.next().map { ($0.key, $0.value) } }
    }

    /// An iterator over the members in order.
    public func makeIterator() -> Iterator { Iterator(base: members.makeIterator()) }
    public var underestimatedCount: Int { members.count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
