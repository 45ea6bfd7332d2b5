import CSQLite
import NovaCore
public import NovaWire

/// The current row of a query.
///
/// It is valid inside the closure that gets it, and nowhere else.
public struct Row {
    let statement: OpaquePointer
    /// The number of columns.
    public let count: Int

    init(_ statement: OpaquePointer) {
        self.statement = statement
        count = Int(sqlite3_column_count(statement))
    }

    /// The value of a column, counted from 0; null past the last one.
    public func value(_ index: Int) -> ColumnValue {
        guard index >= 0, index < count else { return .null }
        let column = Int32(index)
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
            let name = sqlite3_column_name(statement, Int32(index)).map { String(cString: $0) } ?? "?"
            throw NovaError(
                .internal, "A row of the database is damaged.", details: "column \(index) (\(name)) is no \(T.wireType)"
            )
        }
    }
}
