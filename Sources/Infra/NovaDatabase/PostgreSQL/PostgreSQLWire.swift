import CPostgreSQL
import Glibc
import NovaCore
import NovaWire

/// One connection of libpq in pipeline mode; every wait on it has a deadline.
final class PostgreSQLWire {
    private static let connectSeconds = "5"

    private let handle: OpaquePointer
    private(set) var isLost = false
    /// Rounds whose results nobody has waited for.
    private var unread = 0

    /// Connects; blocks for 5 s at most for each address of the URL.
    init(url: Secret<String>, application: String) throws {
        try PostgreSQLURL.check(url.reveal())
        let settings = [
            ("dbname", url.reveal()), ("connect_timeout", Self.connectSeconds), ("client_encoding", "UTF8"),
            ("application_name", application), ("keepalives_idle", "5"), ("keepalives_interval", "2"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "10000"),
        ]
        var keys: [UnsafePointer<CChar>?] = settings.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values: [UnsafePointer<CChar>?] = settings.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for text in keys + values { free(UnsafeMutablePointer(mutating: text)) } }
        guard let handle = PQconnectdbParams(&keys, &values, 1) else {
            throw PostgreSQLFailure.lost("libpq has no memory for a connection")
        }
        self.handle = handle
        guard PQstatus(handle) == CONNECTION_OK else { throw Self.refusal(handle, url) }
    }

    deinit { PQfinish(handle) }

    /// Why no connection came about.
    ///
    /// libpq quotes pieces of a URL that it cannot read, the password perhaps: those stay out.
    private static func refusal(_ handle: OpaquePointer, _ url: Secret<String>) -> NovaError {
        var parseError: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url.reveal(), &parseError)
        PQfreemem(parseError)
        guard let options else {
            return PostgreSQLURL.failure
        }
        PQconninfoFree(options)
        let text = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        let why = text.split(separator: "\n").joined(separator: "; ")
        if text.contains("authentication failed") || text.contains("no password supplied") {
            return NovaError(.unavailable, PostgreSQLFailure.refusedLogin, details: why)
        }
        if text.contains("FATAL:"), text.contains("does not exist") {
            return NovaError(.unavailable, PostgreSQLFailure.missingDatabase, details: why)
        }
        return PostgreSQLFailure.lost(why)
    }

    var serverVersion: Int32 { PQserverVersion(handle) }
    var transaction: PGTransactionStatusType { PQtransactionStatus(handle) }
    func parameter(_ name: String) -> String { PQparameterStatus(handle, name).map { String(cString: $0) } ?? "" }

    // MARK: Scripts, outside the pipeline

    /// Runs several statements without values, and ignores their rows.
    func script(_ sql: String, deadline: Deadline) throws {
        guard PQexitPipelineMode(handle) == 1, PQsetnonblocking(handle, 1) == 0, PQsendQuery(handle, sql) == 1 else {
            throw lose()
        }
        var failure: NovaError?
        while let result = try next(deadline) {
            if result.status == PGRES_FATAL_ERROR, failure == nil {
                failure = PostgreSQLFailure(result, sql: sql).error
            }
        }
        if PQstatus(handle) == CONNECTION_BAD { isLost = true }
        if let failure { throw failure }
    }

    // MARK: Pipeline

    /// Queues a command without values.
    func send(_ sql: String) {
        enterPipeline()
        if PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 1) != 1 { isLost = true }
    }

    /// Queues the preparation of a statement; the server finds out the types of its values.
    func prepare(_ name: String, _ text: String) {
        enterPipeline()
        if PQsendPrepare(handle, name, text, 0, nil) != 1 { isLost = true }
    }

    /// Queues a prepared statement: bytes in binary form, all else as text, which is exact for each type of ours.
    func send(_ name: String, _ values: [ColumnValue]) {
        enterPipeline()
        var storage: [UInt8] = []
        var places: [(start: Int, count: Int, isBinary: Bool)?] = []
        for value in values {
            let start = storage.count
            switch value {
            case .null:
                places.append(nil)
                continue
            case .integer(let number): storage.append(contentsOf: String(number).utf8)
            case .real(let number): storage.append(contentsOf: String(number).utf8)
            case .text(let text): storage.append(contentsOf: text.utf8)
            case .blob(let bytes): storage.append(contentsOf: bytes)
            }
            var isBinary = false
            if case .blob = value { isBinary = true }
            places.append((start, storage.count - start, isBinary))
            storage.append(0)
        }
        let sent = storage.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { bytes in
                let pointers = places.map { place in
                    place.flatMap { place in bytes.baseAddress.map { UnsafePointer($0 + place.start) } }
                }
                let lengths = places.map { Int32(clamping: $0?.count ?? 0) }
                let formats = places.map { Int32($0?.isBinary == true ? 1 : 0) }
                return PQsendQueryPrepared(handle, name, Int32(values.count), pointers, lengths, formats, 1)
            }
        }
        if sent != 1 { isLost = true }
    }

    /// Sends what was queued; its results are passed over by the next ``receive(_:deadline:)``.
    func endRound() {
        guard !isLost, PQpipelineSync(handle) == 1, PQflush(handle) >= 0 else {
            isLost = true
            return
        }
        unread += 1
    }

    /// Sends what was queued and waits for the results of so many commands; those behind a failed one are left out.
    ///
    /// - Throws: `unavailable` when the connection broke: then ``isLost`` is true.
    func receive(_ count: Int, deadline: Deadline) throws -> [PostgreSQLResult] {
        guard !isLost, PQpipelineSync(handle) == 1 else { throw lose() }
        while unread > 0 {
            _ = try round(1, deadline)
            unread -= 1
        }
        return try round(count, deadline)
    }

    /// The results of one round.
    private func round(_ count: Int, _ deadline: Deadline) throws -> [PostgreSQLResult] {
        var results: [PostgreSQLResult] = []
        var ended = 0
        while true {
            guard let result = try next(deadline) else {
                // Each command's results end so.
                ended += 1
                if PQstatus(handle) == CONNECTION_BAD || ended > count + 1 { throw lose(results.last) }
                continue
            }
            switch result.status {
            case PGRES_PIPELINE_SYNC: return results
            case PGRES_PIPELINE_ABORTED: break
            default:
                results.append(result)
                if PQstatus(handle) == CONNECTION_BAD { throw lose(result) }
            }
        }
    }

    private func enterPipeline() {
        guard !isLost, PQpipelineStatus(handle) == PQ_PIPELINE_OFF else { return }
        if PQsetnonblocking(handle, 1) != 0 || PQenterPipelineMode(handle) != 1 { isLost = true }
    }

    /// The next result, nil at the end of a command's; waits for it.
    private func next(_ deadline: Deadline) throws -> PostgreSQLResult? {
        var unsent = PQflush(handle)
        while unsent == 1 || PQisBusy(handle) == 1 {
            var socket = pollfd(fd: PQsocket(handle), events: Int16(POLLIN | (unsent == 1 ? POLLOUT : 0)), revents: 0)
            let left = deadline.remainingMilliseconds
            guard left > 0, socket.fd >= 0 else { throw lose() }
            let ready = poll(&socket, 1, Int32(clamping: left))
            if ready < 0, errno == EINTR { continue }
            // A broken connection still gives a result, with the reason.
            if ready > 0, PQconsumeInput(handle) == 0 { break }
            if unsent == 1 { unsent = PQflush(handle) }
            if unsent < 0 { break }
        }
        return PQgetResult(handle).map { PostgreSQLResult($0) }
    }

    /// Notes that the connection is of no more use.
    private func lose(_ result: PostgreSQLResult? = nil) -> NovaError {
        isLost = true
        if let result, result.status == PGRES_FATAL_ERROR { return PostgreSQLFailure(result, sql: "").error }
        let text = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        return PostgreSQLFailure.lost(text.isEmpty ? "no answer in time" : text.split(separator: "\n").joined())
    }
}
