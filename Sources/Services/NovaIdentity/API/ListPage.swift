import NovaWire
import NovaCore
import NovaHTTP
import NovaSchema

/// Cuts a collection to the page that `limit` and `marker` ask for.
struct ListPage {
    private let request: APIRequest
    private let limit: Int?
    private let marker: String?

    /// - Throws: ``NovaError`` `badRequest` for a limit that is no number from 0 on.
    init(_ request: APIRequest) throws {
        self.request = request
        marker = request.query("marker")
        guard let text = request.query("limit") else {
            limit = nil
            return
        }
        guard let number = Int(text), number >= 0 else {
            throw NovaError(.badRequest, "Invalid input for field 'limit': it is not a number from 0 on.")
        }
        limit = number
    }

    /// The page as an answer; bodies come in the order of their ids.
    ///
    /// - Throws: ``NovaError`` `notFound` for a marker that is in no body.
    func answer(_ bodies: [JSONValue], named name: String) throws -> APIResponse {
        var rest = bodies[...]
        if let marker {
            guard let position = bodies.firstIndex(where: { $0["id"]?.stringValue == marker }) else {
                throw NovaError(.notFound, "marker [\(marker.prefix(255))] not found")
            }
            rest = bodies[(position + 1)...]
        }
        let page = limit.map { rest.prefix($0) } ?? rest
        let url = "\(request.baseURL)\(request.path)"
        var next = JSONValue.null
        if page.count < rest.count, let last = page.last?["id"]?.stringValue {
            next = .string("\(url)?\(query(after: last))")
        }
        var body: JSONObject = [name: .array(Array(page))]
        body["links"] = ["self": .string(selfLink(url)), "previous": nil, "next": next]
        if page.count < rest.count { body["truncated"] = true }
        return .json(200, .object(body))
    }

    private func selfLink(_ url: String) -> String {
        request.query.isEmpty ? url : "\(url)?\(Self.text(request.query))"
    }

    private func query(after last: String) -> String {
        Self.text(request.query.filter { $0.name != "marker" } + [(name: "marker", value: last)])
    }

    private static func text(_ query: [(name: String, value: String)]) -> String {
        query.map { $0.value.isEmpty ? escaped($0.name) : "\(escaped($0.name))=\(escaped($0.value))" }
            .joined(separator: "&")
    }

    /// Text as it stands in a query, the unreserved characters of RFC 3986 as they are.
    static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%\(Hex.encode([byte]).uppercased())"
            }
        }
        return result
    }
}
