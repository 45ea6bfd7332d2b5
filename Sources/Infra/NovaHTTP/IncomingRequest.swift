import HTTPTypes

/// A request as it came off the wire.
struct IncomingRequest: Sendable {
    let method: String
    let target: String
    let authority: String?
    let fields: HTTPFields
    let body: BodyStream

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { fields[$0] } }
}
