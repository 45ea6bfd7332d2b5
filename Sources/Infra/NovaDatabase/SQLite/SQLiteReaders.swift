import Synchronization

/// Connections to borrow for readings on the caller's own thread.
///
/// A reading of a few rows takes less time than waking another thread for it twice.
final class SQLiteReaders: Sendable {
    /// More readings at a time go to the threads.
    private static let limit = 4

    private struct State {
        var idle: [SQLiteReader] = []
        var opened = 0
        var isClosed = false
    }
    private let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    /// A connection, to be given back; nil when all are borrowed, when one cannot be opened, and once it is closed.
    func borrow() -> SQLiteReader? {
        let (reader, mayOpen) = state.withLock { state -> (SQLiteReader?, Bool) in
            guard !state.isClosed else { return (nil, false) }
            // The one used last knows the most.
            if let reader = state.idle.popLast() { return (reader, false) }
            guard state.opened < Self.limit else { return (nil, false) }
            state.opened += 1
            return (nil, true)
        }
        guard mayOpen else { return reader }
        if let reader = try? SQLiteReader(path: path) { return reader }  // the threads have theirs, and say what fails
        state.withLock { $0.opened -= 1 }
        return nil
    }

    func giveBack(_ reader: SQLiteReader) {
        state.withLock { state in
            if !state.isClosed { state.idle.append(reader) }
        }
    }

    /// Closes the connections, a borrowed one when it is given back.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        _ = idle  // closed outside the lock
    }
}
