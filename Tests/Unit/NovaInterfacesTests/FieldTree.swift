import NovaWire

/// A value taken apart down to its plain fields, with an encoder of its own: it can write what older and newer senders
/// would.
indirect enum FieldTree {
    struct Field {
        var name: String
        var tree: FieldTree
        /// What a reader takes when the field is not sent.
        var fallback: FieldTree?
    }

    case leaf([UInt8])
    case optional(FieldTree?)
    case list([FieldTree])
    case record([Field])

    init<R: Record>(record value: R) {
        let (fields, fallbacks) = (TreeVisitor.fields(value), TreeVisitor.fields(R()))
        self = .record(
            zip(fields, fallbacks).map { Field(name: $0.name, tree: $0.tree, fallback: $1.tree) })
    }

    init<T: FieldValue>(_ value: T) {
        // By the type: casts of values look into optionals.
        if let type = T.self as? any Branching.Type, let tree = Self.branch(type, value) {
            self = tree
        } else if let type = T.self as? any Record.Type, let tree = Self.record(type, value) {
            self = tree
        } else {
            var writer = WireWriter()
            value.encode(to: &writer)
            self = .leaf(writer.bytes)
        }
    }

    private static func branch<B: Branching>(_ type: B.Type, _ value: Any) -> FieldTree? { (value as? B)?.tree }
    private static func record<R: Record>(_ type: R.Type, _ value: Any) -> FieldTree? {
        (value as? R).map { FieldTree(record: $0) }
    }

    /// The bytes on the wire; `extra` stands at the end of each record, as fields that a newer sender knows.
    func encoded(extra: [UInt8] = []) -> [UInt8] {
        switch self {
        case .leaf(let bytes): return bytes
        case .optional(nil): return [0]
        case .optional(let tree?): return [1] + tree.encoded(extra: extra)
        case .list(let trees): return Self.varint(trees.count) + trees.flatMap { $0.encoded(extra: extra) }
        case .record(let fields):
            let body = fields.flatMap { $0.tree.encoded(extra: extra) } + extra
            return Self.varint(body.count) + body
        }
    }

    private static func varint(_ count: Int) -> [UInt8] {
        var writer = WireWriter()
        writer.varint(UInt64(count))
        return writer.bytes
    }

    /// Each record without its last field, as a sender of before that field.
    var older: FieldTree {
        map { fields in fields.dropLast() }
    }

    /// What a reader makes of ``older``.
    var olderRead: FieldTree {
        map { fields in
            guard var last = fields.last else { return [] }
            last.tree = last.fallback ?? last.tree
            return fields.dropLast() + [last]
        }
    }

    // Changes the fields of each record; the fields that stay are changed inside first, the last one is the body's.
    private func map(_ body: ([Field]) -> [Field]) -> FieldTree {
        switch self {
        case .leaf: self
        case .optional(let tree): .optional(tree?.map(body))
        case .list(let trees): .list(trees.map { $0.map(body) })
        case .record(let fields):
            .record(
                body(
                    fields.enumerated().map { position, field in
                        var field = field
                        if position < fields.count - 1 { field.tree = field.tree.map(body) }
                        return field
                    }))
        }
    }

    /// Whether nothing of two values is the same: no field was left out when one was filled.
    static func equalFields(_ a: FieldTree, _ b: FieldTree, at path: String) -> [String] {
        guard case .record(let left) = a, case .record(let right) = b else {
            return a.encoded() == b.encoded() ? [path] : []
        }
        return zip(left, right).flatMap { equalFields($0.tree, $1.tree, at: "\(path).\($0.name)") }
    }
}

/// A value with values inside.
private protocol Branching {
    var tree: FieldTree { get }
}

extension Optional: Branching where Wrapped: FieldValue {
    fileprivate var tree: FieldTree { .optional(map { FieldTree($0) }) }
}

extension Array: Branching where Element: FieldValue {
    fileprivate var tree: FieldTree { .list(map { FieldTree($0) }) }
}

private struct TreeVisitor: FieldVisitor {
    var fields: [FieldTree.Field] = []

    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) {
        fields.append(.init(name: "\(name)", tree: FieldTree(value), fallback: nil))
    }

    static func fields<R: Record>(_ value: R) -> [FieldTree.Field] {
        var (value, visitor) = (value, TreeVisitor())
        value.fields(&visitor)
        return visitor.fields
    }
}
