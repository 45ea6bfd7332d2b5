/// Why bytes are not a valid record.
///
/// Every reader throws this, and nothing else: peers' bytes never trap.
public enum WireError: Error, Equatable, Sendable {
    /// A length or a value reaches past the end of its enclosing record.
    case truncated
    /// A varint longer than 64 bits, or one with a needless final zero group.
    case badVarint
    /// Text that is not UTF-8.
    case badText
    /// A list claims more elements than bytes are left for.
    case badCount
    /// An enumeration or flag has a value that this version does not know.
    case badValue
    /// Records inside records beyond ``WireReader/maximumDepth``.
    case tooDeep
    /// A message larger than its limit.
    case tooLarge
}
