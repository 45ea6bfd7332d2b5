extension MessageID {
    /// One order for all runs, so that rules can be replayed.
    static func isBefore(_ one: MessageID, _ other: MessageID) -> Bool {
        (one.sender, one.counter) < (other.sender, other.counter)
    }
}
