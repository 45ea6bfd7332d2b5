import Testing

/// A document of `proto-spec`: an introduction that people write, a marker, and what the code says.
struct SpecDocument: Sendable, CustomTestStringConvertible {
    static let marker =
        "<!-- Below this line: written by Tests/Unit/NovaInterfacesTests from the code. Do not edit. -->"
    /// What a new document says until somebody has written its introduction.
    static let placeholder = "(Introduction: what it is for, who sends, who answers, on which queue.)"

    let path: String
    let title: String
    let generated: String

    var testDescription: String { path }

    /// Every document, as the code wants it.
    static func all() throws -> [SpecDocument] {
        let renderer = SpecRenderer(contents: SpecContents(), comments: try SourceComments())
        return renderer.contents.interfaces.map { topic, methods in
            SpecDocument(
                path: SpecRenderer.path(topic), title: "Interface `\(topic)`",
                generated: renderer.interface(topic, methods))
        } + [SpecDocument(path: SpecRenderer.path(nil), title: "Records", generated: renderer.shared())]
    }

    /// The part of the file above the marker; nil when there is no such file or no marker in it.
    var introduction: String? {
        guard let text = SourceTree.read(path), let range = text.firstRange(of: Self.marker) else { return nil }
        return String(text[..<range.lowerBound])
    }

    /// Writes the file: the introduction stays.
    func write() throws {
        let introduction = introduction ?? "# \(title)\n\n\(Self.placeholder)\n\n"
        try SourceTree.write("\(introduction)\(Self.marker)\n\n\(generated)", to: path)
    }

    /// The first place where the file does not say what the code says; nil when it does.
    var difference: String? {
        guard let file = SourceTree.read(path) else { return "\(path) is missing; \(SourceTree.advice)" }
        guard let introduction else { return "\(path) has lost its marker line; \(SourceTree.advice)" }
        let wanted = Self.lines("\(introduction)\(Self.marker)\n\n\(generated)")
        let found = Self.lines(file)
        for number in 0..<max(wanted.count, found.count) {
            let (file, code) = (found[at: number], wanted[at: number])
            guard file != code else { continue }
            return """
                \(path), line \(number + 1), does not agree with the code; \(SourceTree.advice)
                file: \(file ?? "(ends)")
                code: \(code ?? "(ends)")
                """
        }
        return nil
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }
}

extension Array {
    fileprivate subscript(at index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
