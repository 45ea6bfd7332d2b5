import Foundation

/// What the tests read from their environment.
enum Environment {
    /// Plays only the cases whose description contains this text.
    static var filter: String? { ProcessInfo.processInfo.environment["NOVA_MATRIX"] }
    /// Prints each case with its time.
    static var isVerbose: Bool { ProcessInfo.processInfo.environment["NOVA_MATRIX_VERBOSE"] != nil }
}
