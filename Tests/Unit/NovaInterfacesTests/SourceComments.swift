/// What the sources say of records, enumerations, their fields and cases: the documents quote it.
struct SourceComments {
    /// By type: "ComputePower.Action".
    private(set) var types: [String: [String]] = [:]
    /// By type, then by the field's name in documents or the case's.
    private(set) var members: [String: [String: [String]]] = [:]

    private var properties: [String: [String]] = [:]
    private var open: [(indent: Int, name: String)] = []
    private var pending: [String] = []

    /// Reads the folders whose records are sent.
    init() throws {
        for folder in ["Base/NovaWire", "Domain/NovaInterfaces", "Domain/NovaModel"] {
            for file in try SourceTree.swiftFiles(below: "Sources/\(folder)") {
                open = []
                pending = []
                for line in file.text.split(separator: "\n", omittingEmptySubsequences: false) { read(line) }
            }
        }
    }

    private mutating func read(_ line: Substring) {
        let text = line.drop { $0 == " " }
        if text.hasPrefix("///") {
            pending.append(Self.plain(text.dropFirst(3)))
            return
        }
        if text.hasPrefix("@") { return }
        defer { pending = [] }
        guard !text.isEmpty else { return }
        let indent = line.count - text.count
        while let last = open.last, last.indent >= indent { open.removeLast() }
        if let match = text.prefixMatch(of: /(?:public )?(?:struct|enum|extension) (\w+)/) {
            let name = (open.last.map { $0.name + "." } ?? "") + match.1
            open.append((indent, name))
            if !pending.isEmpty { types[name] = pending }
        } else if let type = open.last?.name {
            readMember(text, of: type)
        }
    }

    private mutating func readMember(_ text: Substring, of type: String) {
        if let match = text.prefixMatch(of: /(?:public )?var (\w+)/) {
            properties["\(type).\(match.1)"] = pending
        } else if let match = text.prefixMatch(of: /case (\w+)(?: = "([^"]+)")?/) {
            members[type, default: [:]][String(match.2 ?? match.1)] = pending
        }
        for match in text.matches(of: /visitor\.visit\("(\w+)", &(\w+)\)/) {
            members[type, default: [:]][String(match.1)] = properties["\(type).\(match.2)"]
        }
    }

    // DocC's double backticks and list of errors, as Markdown for readers.
    private static func plain(_ text: Substring) -> String {
        let text = text.hasPrefix(" ") ? text.dropFirst() : text
        let heading = "- Throws: "
        return (text.hasPrefix(heading) ? "Fails with " + text.dropFirst(heading.count) : String(text))
            .replacing("``", with: "`")
    }
}
