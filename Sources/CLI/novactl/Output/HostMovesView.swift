import NovaSchema

/// What people read of a plan, of its progress and of its end.
enum HostMovesView {
    /// The plan: what is in the way first.
    static func plan(_ drain: JSONValue) -> String {
        let (blocked, waiting) = (number("blocked", drain), number("waiting", drain))
        let verb = drain["kind"]?.stringValue == "return" ? "to be moved back" : "to be moved"
        guard blocked + waiting > 0 else { return "There are no servers \(verb)." }
        let hint = blocked > 0 ? ", \(blocked) cannot be moved as they are" : ""
        return moves(drain) + "\(waiting) server(s) \(verb)\(hint)."
    }

    /// A row for each server.
    static func moves(_ drain: JSONValue) -> String {
        var table = Table(["Server", "ID", "State", "How", "From", "To", "Note"])
        for move in drain["moves"]?.arrayValue ?? [] {
            table.add(
                ["server_name", "server_id", "state", "way", "from", "to", "reason"].map { move[$0]?.cell ?? "-" })
        }
        return table.text
    }

    /// How far it is: `34 of 50 moved (68 %), 1 failed, 4 under way, about 6 s left`.
    static func progress(_ drain: JSONValue) -> String {
        let moved = number("moved", drain)
        let ended = moved + number("failed", drain) + number("gone", drain)
        let all = number("total", drain) - number("blocked", drain)
        var parts = ["\(moved) of \(all) moved (\(percent(ended, of: all)) %)"]
        for (name, text) in [
            ("failed", "failed"), ("blocked", "cannot be moved"), ("gone", "gone by themselves"),
            ("moving", "under way"),
        ] where number(name, drain) > 0 {
            parts.append("\(number(name, drain)) \(text)")
        }
        switch drain["state"]?.stringValue {
        case "running":
            parts.append(remaining(drain, ended: ended, all: all).map { "about \($0) left" } ?? "just begun")
        case "stopping": parts.append("stopping")
        case let state?: parts.append("\(state)\(seconds(drain).map { " after \(duration($0))" } ?? "")")
        case nil: break
        }
        return parts.joined(separator: ", ")
    }

    /// The end: who is still there, and why.
    static func result(_ drain: JSONValue) -> String {
        let rest = (drain["moves"]?.arrayValue ?? []).filter {
            ["blocked", "failed", "waiting"].contains($0["state"]?.stringValue ?? "")
        }
        guard !rest.isEmpty else { return "All of them were moved." }
        var left = drain.objectValue ?? JSONObject()
        left["moves"] = .array(rest)
        return moves(.object(left)) + "\(rest.count) server(s) were not moved."
    }

    /// Servers that are not where they were to go.
    static func left(_ drain: JSONValue) -> Int64 {
        number("blocked", drain) + number("failed", drain) + number("waiting", drain)
    }

    // MARK: Numbers

    static func percent(_ part: Int64, of all: Int64) -> Int64 { all > 0 ? min(100, part * 100 / all) : 100 }

    /// What the pace so far promises; nil when nothing has ended yet.
    static func remaining(_ drain: JSONValue, ended: Int64, all: Int64) -> String? {
        guard ended > 0, let elapsed = seconds(drain) else { return nil }
        return duration(elapsed * Double(max(0, all - ended)) / Double(ended))
    }

    /// `12 s`, `3 min`, `2 h 5 min`; rounded up.
    static func duration(_ seconds: Double) -> String {
        let whole = Int64(max(0, min(seconds, 1e9)).rounded(.up))
        if whole < 120 { return "\(whole) s" }
        let minutes = (whole + 59) / 60
        return minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }

    private static func seconds(_ drain: JSONValue) -> Double? { drain["seconds"]?.doubleValue }

    /// Counts of a cloud's servers: never near a number's limits.
    private static func number(_ name: String, _ drain: JSONValue) -> Int64 {
        max(0, min(1_000_000_000, drain[name]?.integerValue ?? 0))
    }
}
