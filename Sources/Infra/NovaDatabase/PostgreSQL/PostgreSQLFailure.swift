import CPostgreSQL
import NovaCore

/// PostgreSQL's errors as errors that say what to do.
///
/// Only the server's primary message is kept: its details quote values, and libpq's own texts may quote the URL.
struct PostgreSQLFailure {
    /// The five characters of the SQL state; empty for a failure of the connection itself.
    let state: String
    let error: NovaError

    /// The failure that a result tells of.
    init(_ result: PostgreSQLResult, sql: String) {
        func text(_ field: UnsafePointer<CChar>?) -> String { field.map { String(cString: $0) } ?? "" }
        state = text(nova_pq_state(result.handle))
        var details = "PostgreSQL \(state): \(text(nova_pq_message(result.handle)))"
        let constraint = text(nova_pq_constraint(result.handle))
        if !constraint.isEmpty { details += " (\(constraint))" }
        if !sql.isEmpty { details += " in: \(sql.prefix(200))" }
        error = Self.error(state, details: details)
    }

    static let refusedLogin = "The database server refuses the login. Check [database] connection."
    static let missingDatabase =
        "The database server has no such user or database. Create it, or check [database] connection."
    static let wrongURL = "The URL of [database] connection is wrong."

    /// Whether waiting for the server is of no use: an operator must change something.
    static func needsOperator(_ error: NovaError) -> Bool {
        [refusedLogin, missingDatabase, wrongURL].contains(error.message)
    }

    /// A connection that broke.
    static func lost(_ why: String) -> NovaError {
        NovaError(.unavailable, "The database server does not answer. Repeat the request later.", details: why)
    }

    /// Whether the transaction met another one, and the same closure will work when it is run again.
    var isCollision: Bool { state == "40001" || state == "40P01" }
    /// Whether a key was taken or missing: by rows that the transaction's snapshot does not show, perhaps.
    var isKeyConflict: Bool { state == "23505" || state == "23503" }

    private static func error(_ state: String, details: String) -> NovaError {
        switch state {
        case "23505": NovaError(.conflict, "Such an entry exists already.", details: details)
        case "23503":
            NovaError(.conflict, "The entry is in use, or refers to one that does not exist.", details: details)
        case "40001", "40P01", "55P03":
            NovaError(.unavailable, "The database is busy. Repeat the request.", details: details)
        case "57014": NovaError(.unavailable, "The database did not answer in time.", details: details)
        case "53100":
            NovaError(
                .noSpace, "The database's disk is full. Free space on it, then repeat the request.", details: details)
        case "25006": NovaError(.internal, "A database statement failed.", details: "a write in a read: \(details)")
        case "28P01", "28000":
            NovaError(.unavailable, refusedLogin, details: details)
        case "3D000":
            NovaError(.unavailable, missingDatabase, details: details)
        case "XX001", "XX002":
            NovaError(.internal, "The database is damaged. Restore it from a backup.", details: details)
        case "54000", "22001": NovaError(.tooLarge, "A value is too large for the database.", details: details)
        default:
            switch state.prefix(2) {
            case "", "08", "57": lost(details)
            case "53": NovaError(.unavailable, "The database server is overloaded.", details: details)
            case "22", "23": NovaError(.internal, "A value breaks a rule of the database.", details: details)
            default: NovaError(.internal, "A database statement failed.", details: details)
            }
        }
    }
}
