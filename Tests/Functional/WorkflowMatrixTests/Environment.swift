import Foundation

/// What the tests read from their environment.
enum Environment {
    /// Plays only the cases whose description contains this text.
    static var filter: String? { ProcessInfo.processInfo.environment["NOVA_MATRIX"] }
    /// Prints each case with its time.
    static var isVerbose: Bool { ProcessInfo.processInfo.environment["NOVA_MATRIX_VERBOSE"] != nil }
    /// Which cases are played on PostgreSQL, where not all are.
    static let seed =
        ProcessInfo.processInfo.environment["NOVA_MATRIX_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)
    /// Plays all cases on PostgreSQL, too.
    static var isFull: Bool { ProcessInfo.processInfo.environment["NOVA_TEST_FULL"] == "yes" }
}
