#if DEBUG
public import NovaCore

/// What happens at a point.
public enum FaultAction: Sendable {
    /// The process gets SIGKILL.
    case die
    case fail(NovaError)
    case slow(Duration)
    /// A test's own doing; not at blocking points.
    case run(@Sendable () async throws -> Void)
}

/// One fault: where, about what, and how often.
public struct FaultRule: Sendable {
    /// A point's name; a `*` at its end stands for any rest.
    public var point: String
    /// What the point must be about; nil for anything.
    public var subject: String?
    public var action: FaultAction
    /// How many times it still happens.
    public var count: Int

    public init(_ point: String, subject: String? = nil, _ action: FaultAction, count: Int = .max) {
        self.point = point
        self.subject = subject
        self.action = action
        self.count = count
    }

    /// A fault as configurations write it.
    init(_ text: String) throws {
        let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
        let words = (sides.last ?? "").split(separator: "@", maxSplits: 1).map(String.init)
        let action = (words.first ?? "").split(separator: ":", maxSplits: 1).map(String.init)
        guard sides.count == 2, let verb = action.first else { throw Self.malformed(text) }
        point = sides[0]
        count = .max
        if words.count == 2 {
            guard let number = Int(words[1]), number > 0 else { throw Self.malformed(text) }
            count = number
        }
        switch (verb, action.count == 2 ? action[1] : nil) {
        case ("die", nil): self.action = .die
        case ("fail", let code?):
            guard let code = NovaError.Code.allCases.first(where: { "\($0)" == code }) else {
                throw Self.malformed(text)
            }
            self.action = .fail(NovaError(code, "A fault was injected.", details: point))
        case ("slow", let milliseconds?):
            guard let milliseconds = Int(milliseconds), (0...3_600_000).contains(milliseconds) else {
                throw Self.malformed(text)
            }
            self.action = .slow(.milliseconds(milliseconds))
        default: throw Self.malformed(text)
        }
    }

    private static func malformed(_ text: String) -> NovaError {
        NovaError(
            .badRequest,
            "[fault_injection] points: \"\(text)\" is no fault. Write POINT=die, POINT=fail:CODE or "
                + "POINT=slow:MILLISECONDS, and @COUNT behind it.")
    }

    func matches(_ name: String, _ about: String) -> Bool {
        guard count > 0, subject == nil || subject == about else { return false }
        return point.last == "*" ? name.hasPrefix(point.dropLast()) : name == point
    }
}
#endif
