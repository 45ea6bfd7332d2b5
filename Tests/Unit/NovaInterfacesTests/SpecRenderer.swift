import NovaRPC
import NovaWire

/// Writes the generated parts of `proto-spec`.
struct SpecRenderer {
    let contents: SpecContents
    let comments: SourceComments

    /// The path of a topic's document.
    static func path(_ topic: String?) -> String { topic.map { "proto-spec/rpc/\($0).md" } ?? "proto-spec/records.md" }

    /// A topic's methods, their requests and their own responses.
    func interface(_ topic: String, _ methods: [RPCMethodDescription]) -> String {
        var lines = ["## Methods", ""]
        lines += table(
            ["number", "method", "sent by", "idempotent", "priority", "time limit", "since", "request", "response"],
            methods.map { method in
                [
                    "\(method.number)", "[`\(method.name)`](#\(method.name))", method.delivery.rawValue,
                    method.isIdempotent ? "yes" : "no", method.isBackground ? "background" : "normal",
                    "\(method.timeout.components.seconds) s", "\(method.since)",
                    link(method.request.name, from: topic),
                    method.delivery == .call ? link(method.response.name, from: topic) : "",
                ]
            })
        for method in methods {
            let own = method.request.name
            lines += ["", "## \(method.name)", ""] + text(own)
            lines += record(method.request, from: topic, isTitled: false)
            for name in contents.home.keys.sorted() where name.hasPrefix(own + ".") { lines += item(name, from: topic) }
        }
        return Self.joined(lines)
    }

    /// The records and enumerations that belong to no single method.
    func shared() -> String {
        var lines = ["## Records"]
        for name in contents.records.keys.sorted() where contents.home[name] == nil { lines += item(name, from: nil) }
        lines += ["", "## Enumerations"]
        for name in contents.enumerations.keys.sorted() where contents.home[name] == nil {
            lines += item(name, from: nil)
        }
        return Self.joined(lines)
    }

    // One blank line where several parts ask for one.
    private static func joined(_ lines: [String]) -> String {
        var text = ""
        var last = ""
        for line in lines where !(line.isEmpty && last.isEmpty) {
            text += line + "\n"
            last = line
        }
        return text
    }

    private func item(_ name: String, from topic: String?) -> [String] {
        if let description = contents.records[name] { return record(description, from: topic, isTitled: true) }
        guard let description = contents.enumerations[name] else { return [] }
        return ["", "### \(name)", ""] + text(name) + users(name, from: topic)
            + table(
                ["number", "case", "meaning"],
                description.cases.enumerated().map { ["\($0.offset)", "`\($0.element)`", meaning(name, $0.element)] })
    }

    private func record(_ record: RecordDescription, from topic: String?, isTitled: Bool) -> [String] {
        var lines = ["", "### \(record.name)", ""]
        if isTitled { lines += text(record.name) }
        lines += users(record.name, from: topic)
        guard !record.fields.isEmpty else { return lines + ["No fields."] }
        return lines
            + table(
                ["position", "field", "type", "default", "meaning"],
                record.fields.enumerated().map { position, field in
                    [
                        "\(position)", "`\(field.name)`", type(field.type, from: topic),
                        field.defaultText.map { "`\($0)`" } ?? "", meaning(record.name, field.name),
                    ]
                })
    }

    private func users(_ name: String, from topic: String?) -> [String] {
        guard topic == nil else { return [] }
        let topics = contents.topics[name, default: []]
        let names = topics.map { "[\($0)](rpc/\($0).md)" }.joined(separator: ", ")
        return [topics.isEmpty ? "Kept in databases only." : "Sent in the interfaces \(names).", ""]
    }

    private func type(_ type: FieldType, from topic: String?) -> String {
        switch type {
        case .plain(let name): name
        case .optional(let inner): "optional \(self.type(inner, from: topic))"
        case .list(let inner): "list of \(self.type(inner, from: topic))"
        case .secret(let inner): "secret \(self.type(inner, from: topic))"
        case .enumeration(let inner): link(inner.name, from: topic)
        case .record(let inner): link(RecordDescription(inner).name, from: topic)
        }
    }

    private func link(_ name: String, from topic: String?) -> String {
        let home = contents.home[name]
        let path = home == topic ? "" : home.map { topic == nil ? "rpc/\($0).md" : "\($0).md" } ?? "../records.md"
        return "[\(name)](\(path)#\(name.lowercased().replacing(".", with: "")))"
    }

    private func text(_ name: String) -> [String] { (comments.types[name] ?? []) + [""] }

    private func meaning(_ type: String, _ member: String) -> String {
        (comments.members[type]?[member] ?? []).filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func table(_ titles: [String], _ rows: [[String]]) -> [String] {
        let lines = [titles, titles.map { _ in "---" }] + rows
        return lines.map { cells in
            // An empty cell is one space, or some readers draw none.
            "|" + cells.map { $0.isEmpty ? " |" : " \($0.replacing("|", with: "\\|")) |" }.joined()
        }
    }
}
