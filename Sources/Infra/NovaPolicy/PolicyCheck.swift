import NovaCore

/// A compiled check of the oslo.policy language.
indirect enum PolicyCheck: Sendable, Equatable {
    case allow
    case deny
    case role(String)
    case rule(String)
    /// A credential's name or a literal, against a literal or a field of the target (`%(name)s`).
    case match(left: String, right: String)
    case not(PolicyCheck)
    case all([PolicyCheck])
    case any([PolicyCheck])

    /// Compiles a check.
    ///
    /// - Throws: ``NovaError`` `badRequest` saying what is wrong with the text.
    init(_ text: String) throws {
        var parser = PolicyParser(text)
        self = try parser.check()
    }
}

/// Reads `a and (b or not c)`; `not` binds tighter than `and`, `and` tighter than `or`.
private struct PolicyParser {
    private let text: String
    private var tokens: [String]
    private var at = 0
    private var depth = 0

    init(_ text: String) {
        self.text = text
        tokens = Self.split(text)
    }

    private static func split(_ text: String) -> [String] {
        var tokens: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            var rest = word
            while rest.first == "(" {
                tokens.append("(")
                rest = rest.dropFirst()
            }
            var closing = 0
            // A ")" that belongs to "%(name)s" is never last, so what stands at the end closes a group.
            while rest.last == ")" {
                closing += 1
                rest = rest.dropLast()
            }
            if !rest.isEmpty { tokens.append(String(rest)) }
            tokens.append(contentsOf: repeatElement(")", count: closing))
        }
        return tokens
    }

    private func fault(_ reason: String) -> NovaError {
        NovaError(.badRequest, "The policy rule is not valid: \(reason).", details: text)
    }

    mutating func check() throws -> PolicyCheck {
        if tokens.isEmpty { return .allow }
        let check = try alternatives()
        guard at == tokens.count else { throw fault("'\(tokens[at])' is not expected") }
        return check
    }

    private var word: String? { at < tokens.count ? tokens[at].lowercased() : nil }

    private mutating func alternatives() throws -> PolicyCheck {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 32 else { throw fault("it is nested too deeply") }
        var checks = [try conjunction()]
        while word == "or" {
            at += 1
            checks.append(try conjunction())
        }
        return checks.count == 1 ? checks[0] : .any(checks)
    }

    private mutating func conjunction() throws -> PolicyCheck {
        var checks = [try single()]
        while word == "and" {
            at += 1
            checks.append(try single())
        }
        return checks.count == 1 ? checks[0] : .all(checks)
    }

    private mutating func single() throws -> PolicyCheck {
        guard at < tokens.count else { throw fault("it ends too early") }
        let token = tokens[at]
        at += 1
        switch token.lowercased() {
        case "not":
            depth += 1
            defer { depth -= 1 }
            guard depth <= 32 else { throw fault("it is nested too deeply") }
            return .not(try single())
        case "(":
            let check = try alternatives()
            guard word == ")" else { throw fault("a parenthesis is not closed") }
            at += 1
            return check
        case ")", "and", "or": throw fault("'\(token)' is not expected")
        case "@": return .allow
        case "!": return .deny
        default: return try comparison(token)
        }
    }

    private func comparison(_ token: String) throws -> PolicyCheck {
        guard let colon = token.firstIndex(of: ":") else { throw fault("'\(token)' has no colon") }
        let left = String(token[..<colon])
        let right = String(token[token.index(after: colon)...])
        guard !left.isEmpty, !right.isEmpty else { throw fault("'\(token)' is not complete") }
        switch left {
        case "rule": return .rule(right)
        case "role": return .role(right.lowercased())
        case "http", "https": throw fault("checks by HTTP are not supported")
        default: return .match(left: left, right: right)
        }
    }
}
