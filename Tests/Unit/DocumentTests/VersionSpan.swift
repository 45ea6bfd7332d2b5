import NovaHTTP
import NovaSchema

/// From which to which microversion something exists; nil where the API itself begins or ends.
struct VersionSpan: Equatable {
    var from: Microversion?
    var to: Microversion?

    /// The span as members of a document's object.
    var members: [(String, JSONValue)] {
        [("x-openstack-min-version", from), ("x-openstack-max-version", to)].compactMap { name, version in
            version.map { (name, .string($0.description)) }
        }
    }

    /// The spans of an operation's schemas, the oldest first; one without versions when the API has none.
    static func variants(
        _ schemas: [BodySchema], of operation: NovaHTTP.Operation, in api: API
    ) -> [(span: VersionSpan, schema: JSONSchema)] {
        guard let range = api.microversions else { return schemas.prefix(1).map { (VersionSpan(), $0.schema) } }
        let sorted = schemas.sorted { $0.since ?? range.minimum < $1.since ?? range.minimum }
        return sorted.enumerated().compactMap { index, variant in
            let from = max(variant.since ?? range.minimum, operation.since ?? range.minimum)
            var to = operation.until ?? range.maximum
            if index + 1 < sorted.count, let next = sorted[index + 1].since { to = min(to, next.previous) }
            guard from <= to else { return nil }
            return (VersionSpan(from, to, in: range), variant.schema)
        }
    }

    /// The span of an operation.
    init(_ operation: NovaHTTP.Operation, in api: API) {
        guard let range = api.microversions else {
            self.init()
            return
        }
        self.init(operation.since ?? range.minimum, operation.until ?? range.maximum, in: range)
    }

    init(_ from: Microversion, _ to: Microversion, in range: MicroversionRange) {
        self.from = from > range.minimum ? from : nil
        self.to = to < range.maximum ? to : nil
    }

    init(from: Microversion? = nil, to: Microversion? = nil) {
        self.from = from
        self.to = to
    }
}

extension Microversion {
    /// The version before.
    var previous: Microversion { Microversion(major, minor - 1) }
}

extension JSONValue {
    /// An object with more members.
    func adding(_ members: [(String, JSONValue)]) -> JSONValue {
        guard var object = objectValue else { return self }
        for (name, value) in members { object[name] = value }
        return .object(object)
    }
}
