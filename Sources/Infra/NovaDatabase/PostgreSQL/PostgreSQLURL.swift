import NovaCore

/// Looks at a URL as libpq will read it.
///
/// With an unescaped `@` or `/` in a password libpq takes a piece of it for a host, a port or a database, and quotes that
/// in its errors: such a URL never reaches it.
enum PostgreSQLURL {
    /// Quotes nothing of the URL.
    static var failure: NovaError {
        NovaError(
            .unavailable, PostgreSQLFailure.wrongURL,
            details: "expected \(DatabaseAddress.expectation); special characters of a user's name or password as %XX, "
                + "@ as %40, / as %2F")
    }

    /// - Throws: ``failure`` when a host or database has an `@`, or a port is no number.
    static func check(_ url: String) throws {
        guard let scheme = url.firstRange(of: "://") else { throw failure }
        var rest = url[scheme.upperBound...]
        // The user and the password go up to the first "@", unless a "/" comes before it.
        if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
            rest = rest[rest.index(after: end)...]
        }
        let place = rest.prefix { $0 != "?" }
        guard !place.contains("@") else { throw failure }
        for host in place.prefix(while: { $0 != "/" }).split(separator: ",") {
            guard isPort(port(of: host)) else { throw failure }
        }
    }

    /// What stands behind a host's colon; an IPv6 address is in brackets.
    private static func port(of host: Substring) -> Substring {
        let name = host.first == "[" ? host.drop { $0 != "]" } : host
        guard let colon = name.firstIndex(of: ":") else { return "" }
        return name[name.index(after: colon)...]
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.utf8.allSatisfy { (48...57).contains($0) } && (UInt16(text) ?? 0) > 0
    }
}
