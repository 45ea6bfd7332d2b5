/// What begins, ends and divides transactions; each connection prepares it, so that the server parses it once.
enum PostgreSQLCommand: String, CaseIterable {
    case begin = "BEGIN ISOLATION LEVEL REPEATABLE READ"
    case beginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    /// Writers of different processes take turns.
    case takeTurn = "LOCK TABLE database_version IN EXCLUSIVE MODE"
    case commit = "COMMIT"
    case rollback = "ROLLBACK"
    case beginMember = "SAVEPOINT member"
    case undoMember = "ROLLBACK TO member"
    case endMember = "RELEASE member"

    /// How the server knows it.
    var name: String { String(describing: self) }
}
