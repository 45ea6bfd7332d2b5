/// One kind of request that the token of an application credential may be used for.
public struct AccessRulePattern: Sendable, Hashable {
    /// The type of the service: "compute".
    public let service: String
    public let method: String
    private let segments: [Substring]

    /// A rule; in the path `*` and `{name}` stand for one segment, `**` for any number of them.
    public init(service: String, method: String, path: String) {
        self.service = service
        self.method = method.uppercased()
        segments = path.split(separator: "/")
    }

    /// Whether a request is of this kind.
    func allows(service: String, method: String, path: String) -> Bool {
        self.service == service && self.method == method.uppercased()
            && Self.fits(path.split(separator: "/")[...], segments[...])
    }

    /// As a glob: what a "**" takes grows only when what follows it does not fit.
    private static func fits(_ path: ArraySlice<Substring>, _ pattern: ArraySlice<Substring>) -> Bool {
        var at = path.startIndex
        var wanted = pattern.startIndex
        var retry: (path: Int, pattern: Int)?
        while at < path.endIndex {
            if wanted < pattern.endIndex, pattern[wanted] == "**" {
                retry = (at, wanted + 1)
                wanted += 1
            } else if wanted < pattern.endIndex, isOne(path[at], pattern[wanted]) {
                at += 1
                wanted += 1
            } else if let (start, after) = retry {
                retry = (start + 1, after)
                at = start + 1
                wanted = after
            } else {
                return false
            }
        }
        return pattern[wanted...].allSatisfy { $0 == "**" }
    }

    private static func isOne(_ segment: Substring, _ wanted: Substring) -> Bool {
        wanted == "*" || wanted == segment || wanted.first == "{" && wanted.last == "}"
    }
}
