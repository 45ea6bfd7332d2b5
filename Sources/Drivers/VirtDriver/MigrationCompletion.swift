/// How a live migration that takes too long is made to end.
public enum MigrationCompletion: Sendable {
    /// The guest stands still, so that its memory changes no more; it can go on where it was.
    case pause
    /// The guest moves before its memory does (post-copy): there is no way back.
    case postCopy
}
