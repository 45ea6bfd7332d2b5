/// A type that a configuration option can have.
public protocol OptionValue: Sendable {
    /// What people call the type in messages: "whole number".
    static var typeName: String { get }
    /// Whether every occurrence of the option adds to the value; otherwise the last one wins.
    static var accumulates: Bool { get }
    /// Reads the texts of all occurrences, first to last; nil when they are no value of this type.
    static func parse(_ texts: [String]) -> Self?
    /// The value as it stands in a configuration file.
    var optionText: String { get }
}

extension OptionValue {
    public static var accumulates: Bool { false }
}

extension String: OptionValue {
    public static var typeName: String { "text" }
    public static func parse(_ texts: [String]) -> String? { texts.last }
    public var optionText: String { self }
}

extension Int: OptionValue {
    public static var typeName: String { "whole number" }
    public static func parse(_ texts: [String]) -> Int? { texts.last.flatMap { Int($0) } }
    public var optionText: String { String(self) }
}

extension Double: OptionValue {
    public static var typeName: String { "number" }
    public static func parse(_ texts: [String]) -> Double? {
        texts.last.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
    }
    public var optionText: String { String(self) }
}

extension Bool: OptionValue {
    public static var typeName: String { "boolean (true or false)" }
    public static func parse(_ texts: [String]) -> Bool? {
        switch texts.last?.lowercased() {
        case "true", "1", "yes", "on": true
        case "false", "0", "no", "off": false
        default: nil
        }
    }
    public var optionText: String { self ? "true" : "false" }
}

extension [String]: OptionValue {
    public static var typeName: String { "list separated by commas" }
    public static var accumulates: Bool { true }
    public static func parse(_ texts: [String]) -> [String]? {
        texts.flatMap { $0.split { $0 == "," || $0 == "\n" } }.map { IniFile.trimmed($0) }.filter { !$0.isEmpty }
    }
    public var optionText: String { joined(separator: ",") }
}

extension Optional: OptionValue where Wrapped: OptionValue {
    public static var typeName: String { Wrapped.typeName }
    public static var accumulates: Bool { Wrapped.accumulates }
    /// Empty text is the absent value.
    public static func parse(_ texts: [String]) -> Wrapped?? {
        guard let last = texts.last, !last.isEmpty else { return .some(nil) }
        return Wrapped.parse(texts).map { .some($0) }
    }
    public var optionText: String { self?.optionText ?? "" }
}
