import NovaCore

extension Configuration {
    /// Reads files in order, then overrides; the last word wins.
    ///
    /// - Parameters:
    ///   - files: paths of INI files.
    ///   - overrides: `section.name=value`, as after `--set`.
    ///   - known: every option that the program reads.
    /// - Throws: `badRequest` that lists every mistake with file, line and next step.
    public static func load(
        files: [String] = [], overrides: [String] = [], known: [any OptionDeclaration]
    ) throws -> Configuration {
        try load(files: files.map { try IniFile(path: $0) }, overrides: overrides, known: known)
    }

    /// The same from files that are already parsed.
    public static func load(
        files: [IniFile], overrides: [String] = [], known: [any OptionDeclaration]
    ) throws -> Configuration {
        var loader = ConfigurationLoader(known: known)
        for file in files {
            for item in file.assignments {
                loader.assign(
                    item.section, item.name, item.value, source: "\(file.path):\(item.line)", isOverride: false)
            }
        }
        for text in overrides { loader.override(text) }
        return try loader.finish()
    }
}

/// Sorts assignments into declared options, options of the original Nova, other daemons' options and mistakes.
struct ConfigurationLoader {
    private struct Occurrence {
        var texts: [String] = []
        var source = ""
        var overridden = false
    }
    private let known: [any OptionDeclaration]
    private let declared: [String: Set<String>]
    private var occurrences: [OptionKey: Occurrence] = [:]
    private var unused: [OptionKey] = []
    private var mistakes: [String] = []

    init(known: [any OptionDeclaration]) {
        self.known = known
        declared = known.reduce(into: [:]) { $0[$1.section, default: []].insert($1.name) }
    }

    mutating func override(_ text: String) {
        guard let sign = text.firstIndex(of: "="), let dot = text[..<sign].firstIndex(of: "."),
            dot > text.startIndex, text.index(after: dot) < sign
        else {
            mistakes.append("--set \(text): expected section.name=value, for example --set DEFAULT.debug=true")
            return
        }
        let section = String(text[..<dot])
        let name = String(text[text.index(after: dot)..<sign])
        assign(
            section, name, String(text[text.index(after: sign)...]), source: "--set \(section).\(name)",
            isOverride: true)
    }

    mutating func assign(_ section: String, _ name: String, _ value: String, source: String, isOverride: Bool) {
        let key = OptionKey(section, name)
        if declared[section]?.contains(key.name) ?? false {
            var entry = occurrences[key] ?? Occurrence()
            if isOverride, !entry.overridden { entry.texts = [] }
            entry.overridden = isOverride
            entry.texts.append(value)
            entry.source = source
            occurrences[key] = entry
        } else if OriginalOptions.contains(section: section, name: key.name) {
            unused.append(key)
        } else if let names = declared[section] {
            let candidates = names.union(OriginalOptions.names[section] ?? [])
            let hint = hint(key.name, in: section, among: candidates)
            mistakes.append("\(source): unknown option \(key.name) in section [\(section)]\(hint)")
        } else if let near = Suggestion.nearest(to: section, among: declared.keys),
            !OriginalOptions.sections.contains(section)
        {
            mistakes.append("\(source): unknown section [\(section)]; did you mean [\(near)]?")
        } else {
            unused.append(key)
        }
    }

    private func hint(_ name: String, in section: String, among candidates: Set<String>) -> String {
        if let near = Suggestion.nearest(to: name, among: candidates) { return "; did you mean \(near)?" }
        let elsewhere = declared.filter { $0.value.contains(name) }.keys.sorted()
        if let other = elsewhere.first { return "; \(name) belongs into section [\(other)]" }
        return "; remove it, or see --help for the options that exist"
    }

    func finish() throws -> Configuration {
        var mistakes = mistakes
        var warnings: [String] = []
        if !unused.isEmpty {
            var seen: Set<OptionKey> = []
            let names = unused.filter { seen.insert($0).inserted }.map(\.description)
            let shown = names.prefix(40).joined(separator: ", ")
            let rest = names.count > 40 ? " and \(names.count - 40) more" : ""
            warnings.append("Options that this program does not use are ignored: \(shown)\(rest).")
        }
        var configuration = Configuration(known: known, warnings: warnings)
        for option in known {
            guard let entry = occurrences[OptionKey(option.section, option.name)] else { continue }
            guard let value = option.parsed(entry.texts) else {
                let text = option.secret ? "***" : entry.texts.last ?? ""
                mistakes.append(
                    "\(entry.source): [\(option.section)] \(option.name) must be \(option.expectation), "
                        + "not \"\(text)\"")
                continue
            }
            configuration.set(value, for: option, source: entry.source)
        }
        guard mistakes.isEmpty else {
            var text = mistakes.prefix(20).joined(separator: "\n")
            if mistakes.count > 20 { text += "\nand \(mistakes.count - 20) more mistakes" }
            throw NovaError(.badRequest, text)
        }
        return configuration
    }
}
