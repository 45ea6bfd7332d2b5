import NovaHTTP
import NovaSchema

/// The links that views carry (`spec/faults.md`, "Links").
struct Links: Sendable {
    /// Scheme, host and port as the client sees them, such as `http://host:8774`.
    let base: String
    /// The prefix of the request's own path: "/v2.1" or "/v2.1/PROJECT".
    let prefix: String

    /// What begins links to a resource: with the version, and without.
    private let selfStart: String
    private let bookmarkStart: String

    init(_ request: APIRequest) {
        let path = request.apiPath
        base = request.baseURL
        prefix = path
        selfStart = "\(base)\(path)/"
        let project = path.dropFirst().firstIndex(of: "/").map { String(path[$0...]) } ?? ""
        bookmarkStart = "\(base)\(project)/"
    }

    func selfLink(_ collection: String, _ id: String) -> String { "\(selfStart)\(collection)/\(id)" }
    func bookmark(_ collection: String, _ id: String) -> String { "\(bookmarkStart)\(collection)/\(id)" }

    /// Writes `links` with self and bookmark.
    func write(_ collection: String, _ id: String, to writer: inout JSONWriter) {
        writer.field(
            "links",
            array: { writer in
                write("self", (selfStart, collection, "/", id), to: &writer)
                write("bookmark", (bookmarkStart, collection, "/", id), to: &writer)
            })
    }

    /// Writes `links` with a bookmark only, as embedded images and flavors have them.
    func writeBookmark(_ collection: String, _ id: String, to writer: inout JSONWriter) {
        writer.field(
            "links",
            array: { write("bookmark", (bookmarkStart, collection, "/", id), to: &$0) })
    }

    private func write(_ relation: String, _ pieces: (String, String, String, String), to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("rel", relation)
            writer.key("href")
            writer.value(joining: pieces)
        }
    }

    /// Writes `NAME_links` with the next page's address when a page is full.
    func writeNext(_ name: String, _ request: APIRequest, marker: String?, to writer: inout JSONWriter) {
        writeNext(named: "\(name)_links", request, marker: marker, to: &writer)
    }

    /// Writes the next page's address when a page is full, in a member of any name.
    func writeNext(named member: String, _ request: APIRequest, marker: String?, to writer: inout JSONWriter) {
        guard let marker else { return }
        var query = request.query.filter { $0.name != "marker" }
        query.append((name: "marker", value: marker))
        let text = query.sorted { $0.name < $1.name }.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }
            .joined(separator: "&")
        writer.field(
            member,
            array: { writer in
                writer.object { writer in
                    writer.field("rel", "next")
                    writer.field("href", "\(base)\(request.path)?\(text)")
                }
            })
    }
}
