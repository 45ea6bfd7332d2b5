/// A host name made of a server's name, as Nova makes it.
enum Hostname {
    /// Lower-case letters, digits and hyphens, at most 63; "Server" when nothing is left.
    static func from(_ name: String) -> String {
        var result = ""
        for character in name.lowercased().unicodeScalars {
            switch character {
            case "a"..."z", "0"..."9", "-", ".": result.unicodeScalars.append(character)
            case " ", "_": result += "-"
            default: continue
            }
        }
        let trimmed = result.prefix(63).drop { $0 == "-" || $0 == "." }
        let end = trimmed.lastIndex { $0 != "-" && $0 != "." }
        return end.map { String(trimmed[...$0]) } ?? "server"
    }
}
