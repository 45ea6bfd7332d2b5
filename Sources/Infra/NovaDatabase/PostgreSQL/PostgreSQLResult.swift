import CPostgreSQL
import NovaWire

/// The answer to one statement, in the server's binary form.
final class PostgreSQLResult {
    let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { PQclear(handle) }

    var status: ExecStatusType { PQresultStatus(handle) }
    var columns: Int32 { PQnfields(handle) }
    var rows: Int32 { PQntuples(handle) }
    /// The command's tag: "UPDATE 3", "COMMIT".
    var tag: String { PQcmdStatus(handle).map { String(cString: $0) } ?? "" }

    /// How many rows were inserted, updated or deleted.
    var changes: Int {
        guard !tag.hasPrefix("SELECT"), let count = PQcmdTuples(handle) else { return 0 }
        return Int(String(cString: count)) ?? 0
    }

    func name(of column: Int32) -> String { PQfname(handle, column).map { String(cString: $0) } ?? "?" }

    /// The value of a field; one of a type that no schema of ours has comes as its bytes.
    func value(row: Int32, column: Int32) -> ColumnValue {
        guard PQgetisnull(handle, row, column) == 0, let start = PQgetvalue(handle, row, column) else { return .null }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(handle, row, column)))
        switch (PQftype(handle, column), bytes.count) {
        case (20, 8): return .integer(Int64(bitPattern: Self.number(bytes)))
        case (23, 4): return .integer(Int64(Int32(truncatingIfNeeded: Self.number(bytes))))
        case (21, 2): return .integer(Int64(Int16(truncatingIfNeeded: Self.number(bytes))))
        case (16, 1): return .integer(Int64(bytes[0]))
        case (701, 8): return .real(Double(bitPattern: Self.number(bytes)))
        case (700, 4): return .real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: Self.number(bytes)))))
        // text, varchar, name, bpchar, and literals whose type nobody asked for
        case (25, _), (1043, _), (19, _), (1042, _), (705, _): return .text(String(decoding: bytes, as: UTF8.self))
        default: return .blob([UInt8](bytes))
        }
    }

    private static func number(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
}
