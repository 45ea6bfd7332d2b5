/// The paths of an API as a tree of segments: literal segments win over parameters.
struct RouteTree: Sendable {
    struct Route: Sendable {
        let names: [String]
        let operation: Int
    }
    struct Match {
        let routes: [Route]
        let values: [String]
    }
    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var parameter: Int?
        var rest: Int?
        var routes: [Route] = []
    }
    private var nodes = [Node()]

    /// Adds a path; `operation` is what a match gives back.
    mutating func add(_ path: String, operation: Int) {
        var at = 0
        var names: [String] = []
        for segment in path.split(separator: "/") {
            let isName = segment.first == "{" && segment.last == "}"
            if isName, segment.hasSuffix("...}") {
                names.append(String(segment.dropFirst().dropLast(4)))
                at = child(of: at, \.rest)
            } else if isName {
                names.append(String(segment.dropFirst().dropLast()))
                at = child(of: at, \.parameter)
            } else {
                at = child(of: at, \.literals[String(segment)])
            }
        }
        nodes[at].routes.append(Route(names: names, operation: operation))
    }

    private mutating func child(of index: Int, _ place: WritableKeyPath<Node, Int?>) -> Int {
        if let present = nodes[index][keyPath: place] { return present }
        nodes.append(Node())
        nodes[index][keyPath: place] = nodes.count - 1
        return nodes.count - 1
    }

    /// All routes that fit the segments, the most literal first.
    func matches(_ segments: ArraySlice<String>) -> [Match] {
        var found: [Match] = []
        collect(0, segments, [], into: &found)
        return found
    }

    private func collect(_ index: Int, _ segments: ArraySlice<String>, _ values: [String], into found: inout [Match]) {
        let node = nodes[index]
        guard let first = segments.first else {
            if !node.routes.isEmpty { found.append(Match(routes: node.routes, values: values)) }
            return
        }
        if let next = node.literals[first] { collect(next, segments.dropFirst(), values, into: &found) }
        if let next = node.parameter { collect(next, segments.dropFirst(), values + [first], into: &found) }
        if let next = node.rest {
            found.append(Match(routes: nodes[next].routes, values: values + [segments.joined(separator: "/")]))
        }
    }
}
