import NovaCore
import NovaHTTP

/// `limit` and `marker` of a list.
struct Paging {
    let limit: Int64
    let marker: String?

    /// - Throws: `badRequest` for a limit that is no number.
    init(_ request: APIRequest, maximum: Int64) throws {
        marker = request.query("marker")
        guard let text = request.query("limit") else {
            limit = maximum
            return
        }
        guard let number = Int64(text), number >= 0 else {
            throw NovaError(
                .badRequest,
                "Invalid input for query parameters limit. Value: \(text). '\(text)' does not match '^[0-9]*$'")
        }
        limit = min(number, maximum)
    }
}
