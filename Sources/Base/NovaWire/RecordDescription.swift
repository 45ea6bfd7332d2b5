/// A record's fields in wire order, without a value: `proto-spec` and its tests are made of this.
public struct RecordDescription: Sendable {
    /// One field.
    public struct Field: Sendable {
        /// The name in documents, in rows and in logs; never on the wire.
        public let name: String
        public let type: FieldType
        /// What a reader takes when the sender did not know the field; nil when that is the type's zero.
        ///
        /// Zero is 0, false, empty, absent, the UUID of zeros, 1970 and, of a record, its own defaults.
        public let defaultText: String?
    }

    public let type: any Record.Type
    /// The type's name without its module: "ComputeConsoleOutput.Response".
    public let name: String
    public let fields: [Field]

    /// Describes a record.
    public init<R: Record>(_ type: R.Type) {
        var value = R()
        var visitor = DescribingVisitor()
        value.fields(&visitor)
        self.type = type
        name = typeName(type)
        fields = visitor.fields
    }
}

private struct DescribingVisitor: FieldVisitor {
    var fields: [RecordDescription.Field] = []

    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) {
        fields.append(.init(name: "\(name)", type: T.fieldType, defaultText: defaultText(value)))
    }

    private func defaultText<T: FieldValue>(_ value: T) -> String? {
        switch T.fieldType {
        case .record: return nil
        case .enumeration: return value.debugText
        default:
            var writer = WireWriter()
            value.encode(to: &writer)
            // An empty OpaqueIdentifier is its length + 1.
            let isZero = writer.bytes.allSatisfy { $0 == 0 } || value.debugText.isEmpty
            return isZero ? nil : value.debugText
        }
    }
}
