public import NovaCore

/// What a field holds, for documents and tools: known from the type alone, without a value.
public indirect enum FieldType: Sendable {
    /// A type of `proto-spec/wire/codec.md`, by its name there: "int".
    case plain(String)
    case optional(FieldType)
    case list(FieldType)
    /// As the type inside, masked wherever it is printed.
    case secret(FieldType)
    case enumeration(EnumDescription)
    /// A record inside the record; ``RecordDescription`` tells its fields.
    case record(any Record.Type)

    /// The type in the middle: of the elements of a list, of the value that may be absent.
    public var innermost: FieldType {
        switch self {
        case .optional(let type), .list(let type), .secret(let type): type.innermost
        case .plain, .enumeration, .record: self
        }
    }
}

/// An enumeration's name and cases.
public struct EnumDescription: Sendable, Equatable {
    /// The type's name without its module: "ComputePower.Action".
    public let name: String
    /// The cases' names in rows and documents; a case's position is its number on the wire.
    public let cases: [String]

    /// Describes an enumeration.
    public init<E: WireEnum>(_ type: E.Type) {
        name = typeName(type)
        cases = type.allCases.map(\.rawValue)
    }
}

/// A type's name without its module.
func typeName(_ type: Any.Type) -> String {
    String(String(reflecting: type).drop { $0 != "." }.dropFirst())
}

// Each type's own answer; all others are plain.

extension FieldValue {
    public static var fieldType: FieldType { .plain(wireType) }
}

extension Record {
    public static var fieldType: FieldType { .record(Self.self) }
}

extension WireEnum {
    public static var fieldType: FieldType { .enumeration(EnumDescription(Self.self)) }
}

extension Optional where Wrapped: FieldValue {
    public static var fieldType: FieldType { .optional(Wrapped.fieldType) }
}

extension Array where Element: FieldValue {
    public static var fieldType: FieldType { .list(Element.fieldType) }
}

extension Secret where Value: FieldValue {
    public static var fieldType: FieldType { .secret(Value.fieldType) }
}
