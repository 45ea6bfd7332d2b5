/// The SQL of a schema or a migration: written once, with marked lines where the databases need different words.
///
/// A line `--sqlite`, `--postgresql` or `--both` says for which database the lines after it are.
struct SchemaText {
    enum Dialect: String { case sqlite, postgresql }

    let text: String

    init(_ text: String) { self.text = text }

    /// The lines for one database.
    func lines(for dialect: Dialect) -> String {
        var isWanted = true
        var kept: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            switch line {
            case "--both": isWanted = true
            case "--sqlite": isWanted = dialect == .sqlite
            case "--postgresql": isWanted = dialect == .postgresql
            default: if isWanted { kept.append(line) }
            }
        }
        return kept.joined(separator: "\n")
    }
}
