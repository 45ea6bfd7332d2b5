import Synchronization

/// What became of the messages of a load.
final class LoadLedger: Sendable {
    private struct Counts {
        var good = 0
        var bad = 0
        var skipped = 0
        var open = 0
        var failure = ""
    }

    private static let limit = 1_000
    private let counts = Mutex(Counts())

    /// Whether one more may be under way.
    func begin() -> Bool {
        counts.withLock { counts in
            guard counts.open < Self.limit else {
                counts.skipped += 1
                return false
            }
            counts.open += 1
            return true
        }
    }

    func end(_ failure: String?) {
        counts.withLock { counts in
            counts.open -= 1
            if let failure {
                counts.bad += 1
                counts.failure = failure
            } else {
                counts.good += 1
            }
        }
    }

    /// One JSON object.
    var text: String {
        let now = counts.withLock { $0 }
        return """
            {"good": \(now.good), "bad": \(now.bad), "skipped": \(now.skipped), "failure": "\(now.failure)"}
            """
    }
}
