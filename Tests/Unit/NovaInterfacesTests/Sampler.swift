import NovaCore
import NovaWire

/// Fills every field of a record with a value of its own that is not its default.
///
/// The value follows from the field's path alone: it is the same in each run and each version, whatever is appended.
struct Sampler: FieldVisitor {
    private let path: String

    /// A record with every field filled.
    static func record<R: Record>(_ type: R.Type, at path: String) -> R {
        var (value, sampler) = (R(), Sampler(path: path))
        value.fields(&sampler)
        return value
    }

    private init(path: String) { self.path = path }

    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) {
        value = Self.value(T.self, at: "\(path).\(name)", unlike: value) ?? value
    }

    /// A value of a type; nil for a type that nobody has taught this.
    fileprivate static func value<T: FieldValue>(_ type: T.Type, at path: String, unlike former: T?) -> T? {
        if let type = T.self as? any Sampled.Type { return make(type, at: path) }
        if let type = T.self as? any WireEnum.Type { return other(type, former) as? T }
        if T.self is Bool.Type { return !(former as? Bool ?? false) as? T }
        if let type = T.self as? any Record.Type { return record(type, at: path) as? T }
        return nil
    }

    private static func make<S: Sampled, T>(_ type: S.Type, at path: String) -> T? { type.sample(at: path) as? T }

    private static func other<E: WireEnum>(_ type: E.Type, _ former: Any?) -> E? {
        E.allCases.first { $0 != (former as? E ?? E.allCases.first) }
    }
}

/// A type that makes a value of a path.
private protocol Sampled {
    static func sample(at path: String) -> Self
}

/// FNV-1a of a text.
private func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

extension Int64: Sampled {
    fileprivate static func sample(at path: String) -> Int64 { Int64(Int32(truncatingIfNeeded: fnv1a(path))) }
}

extension UInt64: Sampled {
    fileprivate static func sample(at path: String) -> UInt64 { fnv1a(path) }
}

extension Double: Sampled {
    fileprivate static func sample(at path: String) -> Double { Double(Int64.sample(at: path)) / 8 }
}

extension String: Sampled {
    fileprivate static func sample(at path: String) -> String {
        "\(path.split(separator: ".").last ?? "")-\(fnv1a(path) % 10_000)"
    }
}

extension UUID128: Sampled {
    fileprivate static func sample(at path: String) -> UUID128 { UUID128(high: fnv1a(path), low: fnv1a(path + "'")) }
}

extension Identifier: Sampled {
    fileprivate static func sample(at path: String) -> Identifier { Identifier(UUID128.sample(at: path)) }
}

extension OpaqueIdentifier: Sampled {
    // Both of its forms on the wire.
    fileprivate static func sample(at path: String) -> OpaqueIdentifier {
        OpaqueIdentifier(fnv1a(path) & 1 == 0 ? UUID128.sample(at: path).hex : String.sample(at: path))
    }
}

extension Timestamp: Sampled {
    fileprivate static func sample(at path: String) -> Timestamp {
        Timestamp(microseconds: 1_800_000_000_000_000 + Int64(fnv1a(path) % 1_000_000_000_000))
    }
}

extension Blob: Sampled {
    fileprivate static func sample(at path: String) -> Blob {
        var writer = WireWriter()
        writer.fixed64(fnv1a(path))
        return Blob(writer.bytes)
    }
}

extension Secret: Sampled where Value: FieldValue & Sampled {
    fileprivate static func sample(at path: String) -> Secret { Secret(Value.sample(at: path)) }
}

extension Dictionary: Sampled where Key == String, Value == String {
    fileprivate static func sample(at path: String) -> [String: String] {
        [String.sample(at: path + "[0]"): .sample(at: path + "[1]"), .sample(at: path + "[2]"): ""]
    }
}

extension Optional: Sampled where Wrapped: FieldValue {
    fileprivate static func sample(at path: String) -> Wrapped? {
        Sampler.value(Wrapped.self, at: path, unlike: nil)
    }
}

extension Array: Sampled where Element: FieldValue {
    fileprivate static func sample(at path: String) -> [Element] {
        (0..<2).compactMap { Sampler.value(Element.self, at: "\(path)[\($0)]", unlike: nil) }
    }
}
