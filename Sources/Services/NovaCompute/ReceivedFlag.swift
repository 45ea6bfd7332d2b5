import Synchronization

/// Whether anything arrived: then another endpoint must not continue the same file.
final class ReceivedFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
