public import NovaSchema

/// An answer of a peer.
public struct HTTPResponse: Sendable {
    public let status: Int
    public let headers: [(String, String)]
    public let body: [UInt8]

    /// The first value of a header, whatever its case.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.0.lowercased() == wanted }?.1
    }

    /// The body as JSON.
    ///
    /// - Throws: ``NovaError`` `badRequest` when it is none.
    public func json() throws -> JSONValue { try JSONValue.parse(body) }

    /// The body as text; bytes that are no UTF-8 are replaced.
    public var text: String { String(decoding: body, as: UTF8.self) }
}
