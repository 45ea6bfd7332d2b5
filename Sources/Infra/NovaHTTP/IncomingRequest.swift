import HTTPTypes

/// A request as it came off the wire.
struct IncomingRequest: Sendable {
    let method: String
    let target: String
    let authority: String?
    let fields: HTTPFields
    let body: BodyStream

    func header(_ name: String) -> String? { fields.value(of: name) }
}

extension HTTPFields {
    /// The value of a field, whatever the case of its name; of several fields their values, with commas between them.
    func value(of name: String) -> String? {
        var found: String?
        for field in self where field.name.isSpelled(name) {
            found = found.map { "\($0), \(field.value)" } ?? field.value
        }
        return found
    }
}

extension HTTPField.Name {
    /// Whether a name of ASCII letters is this one.
    fileprivate func isSpelled(_ other: String) -> Bool {
        canonicalName.utf8.count == other.utf8.count
            && zip(canonicalName.utf8, other.utf8).allSatisfy { own, other in
                own == other || own == other | 0x20 && (65...90).contains(other)
            }
    }
}
