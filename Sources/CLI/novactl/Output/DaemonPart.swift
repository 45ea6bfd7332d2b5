import NovaSchema

/// A part of a daemon as `/readyz` shows it: `nova-api/policy degraded since 2026-11-22T08:00:00.000000Z: why`.
struct DaemonPart: Equatable {
    private static let states: Set = ["starting", "ready", "degraded", "failed"]

    let name: String
    let state: String
    let cause: String

    /// - Returns: nil for the line that sums up, and for what is no line of a part.
    init?(_ line: some StringProtocol) {
        let words = line.split(separator: " ", maxSplits: 4)
        guard words.count >= 4, words[2] == "since", Self.states.contains(String(words[1])) else { return nil }
        name = String(words[0])
        state = String(words[1])
        cause = words.count > 4 ? String(words[4]) : ""
    }

    /// The parts in a daemon's answer.
    static func parts(_ text: String) -> [DaemonPart] { text.split(separator: "\n").compactMap { DaemonPart($0) } }

    /// What is wrong with it; nil when nothing is.
    var trouble: String? { state == "ready" ? nil : "\(name) is \(state)\(cause.isEmpty ? "." : ": \(cause)")" }

    var json: JSONValue { ["name": .string(name), "state": .string(state), "cause": .string(cause)] }
}
