import NovaHTTP

/// The part of a file that a client asks for: one range of bytes (RFC 9110).
struct ByteRange: Sendable, Equatable {
    let start: Int64
    /// Behind the last byte.
    let end: Int64
    let isPart: Bool

    /// The range of a `Range` header; the whole file without one, or with one of a form we do not serve.
    ///
    /// - Throws: ``APIFault`` 416 for a range outside the file.
    init(_ header: String?, size: Int64) throws {
        guard let header, header.hasPrefix("bytes="), !header.contains(","),
            case let sides = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false),
            sides.count == 2
        else {
            (start, end, isPart) = (0, size, false)
            return
        }
        let first = Int64(sides[0])
        let last = Int64(sides[1])
        switch (sides[0].isEmpty, first, sides[1].isEmpty, last) {
        case (true, _, _, let count?) where count > 0: (start, end) = (max(0, size - count), size)
        case (false, let first?, true, _): (start, end) = (first, size)
        case (false, let first?, false, let last?) where last >= first:
            (start, end) = (first, last < size ? last + 1 : size)
        default: (start, end) = (size, size)
        }
        guard start >= 0, start < end else {
            throw APIFault(416, "The range is outside the image.", headers: [("Content-Range", "bytes */\(size)")])
        }
        isPart = true
    }
}
