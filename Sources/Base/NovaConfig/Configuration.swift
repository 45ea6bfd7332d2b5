/// The effective values of the declared options: read once at start, then constant.
public struct Configuration: Sendable {
    private struct Slot: Hashable {
        let key: OptionKey
        let type: String
    }
    private var values: [Slot: any OptionValue] = [:]
    private var sources: [OptionKey: String] = [:]
    private let known: [any OptionDeclaration]
    /// What the operator should know about the files, one sentence each; for the log.
    public private(set) var warnings: [String] = []

    /// A configuration in which every option has its default.
    public init() { known = [] }

    init(known: [any OptionDeclaration], warnings: [String]) {
        self.known = known
        self.warnings = warnings
    }

    /// The value of an option: from the files and overrides, else its default.
    public subscript<Value>(_ option: Option<Value>) -> Value {
        values[Slot(key: OptionKey(option.section, option.name), type: Value.typeName)] as? Value ?? option.default
    }

    /// Whether a file or an override gave the option a value.
    public func isSet(_ option: any OptionDeclaration) -> Bool {
        sources[OptionKey(option.section, option.name)] != nil
    }

    /// A copy in which one option has another value; for tests and for programs that set an option themselves.
    public func setting<Value>(_ option: Option<Value>, to value: Value) -> Configuration {
        var copy = self
        copy.set(value, for: option, source: "the program")
        return copy
    }

    mutating func set(_ value: any OptionValue, for option: any OptionDeclaration, source: String) {
        let key = OptionKey(option.section, option.name)
        values[Slot(key: key, type: option.typeName)] = value
        sources[key] = source
    }

    /// The effective values as a configuration file, sections sorted, secrets masked, each with where it came from.
    public func dump() -> String {
        var text = ""
        var section: String?
        for option in Self.ordered(known) {
            if option.section != section {
                text += "\(section == nil ? "" : "\n")[\(option.section)]\n"
                section = option.section
            }
            let key = OptionKey(option.section, option.name)
            let value = values[Slot(key: key, type: option.typeName)]?.optionText ?? option.defaultText
            let shown =
                option.secret && !value.isEmpty ? "***" : value.split(separator: "\n").joined(separator: "\n    ")
            text += "# \(sources[key] ?? "default")\n\(option.name) = \(shown)\n"
        }
        return text
    }

    /// The declared options with type, default and meaning, for `--help`.
    public static func reference(_ known: [any OptionDeclaration]) -> String {
        var text = ""
        var section: String?
        for option in ordered(known) {
            if option.section != section {
                text += "\n[\(option.section)]\n"
                section = option.section
            }
            let value = option.defaultText.isEmpty ? "" : " [default: \(option.secret ? "***" : option.defaultText)]"
            text += "  \(option.name) (\(option.typeName))\(value)\n      \(option.help)\n"
        }
        return text
    }

    /// A configuration file with every declared option at its default, as comments.
    public static func sample(_ known: [any OptionDeclaration]) -> String {
        var text = ""
        var section: String?
        for option in ordered(known) {
            if option.section != section {
                text += "\(section == nil ? "" : "\n")[\(option.section)]\n"
                section = option.section
            }
            let value = option.defaultText.split(separator: "\n").joined(separator: "\n#    ")
            text +=
                "\n# \(option.help)\n# Type: \(option.expectation)\n#\(option.name) =\(value.isEmpty ? "" : " ")\(value)\n"
        }
        return text
    }

    /// One declaration per name, [DEFAULT] first.
    private static func ordered(_ options: [any OptionDeclaration]) -> [any OptionDeclaration] {
        var seen: Set<OptionKey> = []
        return options.filter { seen.insert(OptionKey($0.section, $0.name)).inserted }.sorted { a, b in
            (a.section == "DEFAULT" ? 0 : 1, a.section, a.name) < (b.section == "DEFAULT" ? 0 : 1, b.section, b.name)
        }
    }
}
