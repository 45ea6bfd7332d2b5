import CSQLite
import Glibc
import NovaCore
public import NovaWire

/// The current row of a query.
///
/// It is valid inside the closure that gets it, and nowhere else.
public struct Row {
    private enum Source {
        case sqlite(OpaquePointer)
        case postgresql(PostgreSQLResult, row: Int32)
    }

    private let source: Source
    /// The number of columns.
    public let count: Int

    init(_ statement: SQLiteStatement) {
        source = .sqlite(statement.handle)
        count = Int(sqlite3_column_count(statement.handle))
    }

    init(_ result: PostgreSQLResult, row: Int32) {
        source = .postgresql(result, row: row)
        count = Int(result.columns)
    }

    /// The value of a column, counted from 0; null past the last one.
    public func value(_ index: Int) -> ColumnValue {
        guard index >= 0, index < count else { return .null }
        switch source {
        case .sqlite(let statement): return Self.value(statement, Int32(index))
        case .postgresql(let result, let row): return result.value(row: row, column: Int32(index))
        }
    }

    /// Whether the value of a column is this one; quicker than to make it.
    func isValue(_ index: Int, _ value: ColumnValue) -> Bool {
        guard case .sqlite(let statement) = source, index < count else { return self.value(index) == value }
        let column = Int32(index)
        switch (sqlite3_column_type(statement, column), value) {
        case (SQLITE_NULL, .null): return true
        case (SQLITE_INTEGER, .integer(let number)): return sqlite3_column_int64(statement, column) == number
        case (SQLITE_TEXT, .text(var text)):
            let bytes = sqlite3_column_text(statement, column)
            return text.withUTF8 { Self.isSame($0, bytes, sqlite3_column_bytes(statement, column)) }
        case (SQLITE_BLOB, .blob(let blob)):
            let bytes = sqlite3_column_blob(statement, column)
            return blob.withUnsafeBufferPointer { Self.isSame($0, bytes, sqlite3_column_bytes(statement, column)) }
        default: return false
        }
    }

    private static func isSame(
        _ known: UnsafeBufferPointer<UInt8>, _ bytes: UnsafeRawPointer?, _ count: Int32
    ) -> Bool {
        guard known.count == Int(count) else { return false }
        guard let start = known.baseAddress, let bytes, count > 0 else { return count == 0 }
        return memcmp(start, bytes, known.count) == 0
    }

    private static func value(_ statement: OpaquePointer, _ column: Int32) -> ColumnValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            guard let bytes = sqlite3_column_text(statement, column) else { return .text("") }
            let length = Int(sqlite3_column_bytes(statement, column))
            return .text(String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self))
        case SQLITE_BLOB:
            let length = Int(sqlite3_column_bytes(statement, column))
            guard length > 0, let bytes = sqlite3_column_blob(statement, column) else { return .blob([]) }
            return .blob([UInt8](UnsafeRawBufferPointer(start: bytes, count: length)))
        default: return .null
        }
    }

    /// The integer in a column; throws `internal` when it holds anything else.
    public func int(_ index: Int) throws -> Int64 { try field(index, as: Int64.self) }
    /// The number in a column; throws `internal` when it holds anything else.
    public func double(_ index: Int) throws -> Double { try field(index, as: Double.self) }
    /// The text in a column; throws `internal` when it holds anything else.
    public func text(_ index: Int) throws -> String { try field(index, as: String.self) }
    /// The text in a column, nil for null; throws `internal` when it holds anything else.
    public func optionalText(_ index: Int) throws -> String? { try field(index, as: String?.self) }
    /// The integer in a column, nil for null; throws `internal` when it holds anything else.
    public func optionalInt(_ index: Int) throws -> Int64? { try field(index, as: Int64?.self) }
    /// The bytes in a column; throws `internal` when it holds anything else.
    public func blob(_ index: Int) throws -> [UInt8] { try field(index, as: Blob.self).bytes }

    /// A column as a field of any type; throws `internal` when it holds anything else.
    public func field<T: FieldValue>(_ index: Int, as type: T.Type = T.self) throws -> T {
        do throws(WireError) {
            return try T(column: value(index))
        } catch {
            throw NovaError(
                .internal, "A row of the database is damaged.",
                details: "column \(index) (\(name(of: index))) is no \(T.wireType)")
        }
    }

    /// The name of a column.
    public func name(of index: Int) -> String {
        switch source {
        case .sqlite(let statement):
            sqlite3_column_name(statement, Int32(index)).map { String(cString: $0) } ?? "?"
        case .postgresql(let result, _): result.name(of: Int32(index))
        }
    }
}

/// The columns of the row before, in a list of rows.
@usableFromInline
struct FormerRow {
    private var values: [ColumnValue] = []

    @usableFromInline init() {}

    /// The value of a column where it differs from that of the row before; nil where it is the same.
    @usableFromInline
    mutating func change(_ row: Row, _ index: Int) -> ColumnValue? {
        guard index < values.count else {
            let value = row.value(index)
            values.append(value)
            return value
        }
        if row.isValue(index, values[index]) { return nil }
        values[index] = row.value(index)
        return values[index]
    }
}
