/// What the loader needs to know of an option, whatever its type.
public protocol OptionDeclaration: Sendable {
    /// The section of the file: "DEFAULT", "queue".
    var section: String { get }
    /// The name in the section, with underscores.
    var name: String { get }
    /// One line for people.
    var help: String { get }
    /// Whether dumps show `***` in place of the value.
    var secret: Bool { get }
    /// What people call the option's type.
    var typeName: String { get }
    /// The default as it would stand in a file.
    var defaultText: String { get }
    /// What a value must be, for messages: "a whole number from 1 to 65535".
    var expectation: String { get }
    /// The value of the given occurrences; nil when they are none.
    func parsed(_ texts: [String]) -> (any OptionValue)?
}

/// One typed option: declared once by whoever reads it, used as the key into ``Configuration``.
///
///     static let workers = Option("conductor", "workers", default: 4, help: "Workflows run at once.", in: 1...256)
public struct Option<Value: OptionValue>: OptionDeclaration {
    public let section: String
    public let name: String
    public let `default`: Value
    public let help: String
    public let secret: Bool
    public let expectation: String
    private let accepts: (@Sendable (Value) -> Bool)?

    /// Declares an option.
    ///
    /// - Parameters:
    ///   - expected: what `accepts` wants, for the message: "an absolute path".
    ///   - accepts: refuses values of the right type that make no sense.
    public init(
        _ section: String, _ name: String, default: Value, help: String, secret: Bool = false,
        expected: String = "", accepts: (@Sendable (Value) -> Bool)? = nil
    ) {
        self.section = section
        self.name = OptionKey.normalized(name)
        self.default = `default`
        self.help = help
        self.secret = secret
        self.expectation = expected.isEmpty ? "a \(Value.typeName)" : expected
        self.accepts = accepts
    }

    public var typeName: String { Value.typeName }
    public var defaultText: String { `default`.optionText }
    public func parsed(_ texts: [String]) -> (any OptionValue)? {
        guard let value = Value.parse(texts), accepts?(value) ?? true else { return nil }
        return value
    }
}

extension Option where Value == Int {
    /// Declares a whole number within bounds.
    public init(_ section: String, _ name: String, default: Int, help: String, in range: ClosedRange<Int>) {
        let top = range.upperBound == .max ? "or more" : "to \(range.upperBound)"
        self.init(
            section, name, default: `default`, help: help, expected: "a whole number, \(range.lowerBound) \(top)",
            accepts: { range.contains($0) })
    }
}

extension Option where Value == String {
    /// Declares a text that must be one of a few words.
    public init(_ section: String, _ name: String, default: String, help: String, oneOf words: [String]) {
        self.init(
            section, name, default: `default`, help: help, expected: "one of \(words.joined(separator: ", "))",
            accepts: { words.contains($0) })
    }
}

/// Where an option lives in a file.
///
/// `-` and `_` in names are the same, as operators are used to.
struct OptionKey: Hashable, Sendable, CustomStringConvertible {
    let section: String
    let name: String

    init(_ section: String, _ name: String) {
        self.section = section
        self.name = Self.normalized(name)
    }

    static func normalized(_ name: String) -> String { String(name.map { $0 == "-" ? "_" : $0 }) }

    var description: String { "[\(section)] \(name)" }
}
