import NovaCore

/// What the fetching side makes of the other host's messages, apart from sockets and files.
///
///     greeting --welcome--> receiving --end--> received --(next file)--> receiving ...
///
/// It outlives connections: ``request`` says what to ask after each greeting, and goes on where the last block ended.
struct FetchState {
    /// What is to be done with a message.
    enum Action: Equatable {
        case nothing
        /// Let in: send ``request``.
        case ask
        /// Write a block of the current file.
        case write(index: UInt64, bytes: ArraySlice<UInt8>)
        /// All of the current file is there, and its digest is right.
        case complete
    }
    private enum Phase {
        case greeting
        case receiving
        case received
    }

    /// The file that is being fetched.
    let file: OfferedFile
    /// The first block that is missing.
    private(set) var next: UInt64
    private var digest: BlockDigest
    private var phase = Phase.greeting

    /// A file of which the blocks before `next` are there.
    init(_ file: OfferedFile, next: UInt64 = 0, digest: BlockDigest = BlockDigest()) {
        self.file = file
        self.next = next
        self.digest = digest
    }

    /// What to ask for.
    var request: TransferFetch { TransferFetch(name: file.name, block: next) }

    /// The connection is new: a greeting comes first.
    mutating func reconnected() { phase = .greeting }

    /// Takes the next message.
    ///
    /// - Throws: what the other host refused with; ``NovaError`` `malformed` for a message out of turn, `conflict` when
    ///   the other host's file is not the one that was offered.
    mutating func handle(_ frame: TransferFrame) throws -> Action {
        switch (phase, frame) {
        case (_, .beat): return .nothing
        case (_, .refused(let refusal)): throw refusal.error
        case (.greeting, .welcome(let welcome)):
            guard welcome.files.contains(file) else {
                throw NovaError(
                    .conflict, "The other compute host does not offer this file any more.", details: file.name)
            }
            phase = .receiving
            return .ask
        case (.receiving, .block(let index, let bytes)):
            // In order, inside the file, each of its full length: no peer makes us write elsewhere.
            guard index >= next, BlockDigest.length(of: index, size: file.size) == bytes.count else {
                throw TransferFrame.malformed("block \(index) of \(bytes.count) bytes in \(file.name)")
            }
            bytes.withUnsafeBytes { digest.add(index: index, block: $0) }
            next = index + 1
            return .write(index: index, bytes: bytes)
        case (.receiving, .end):
            phase = .received
            next = BlockDigest.count(of: file.size)
            guard digest.finish(size: file.size) == file.digest else {
                throw NovaError(
                    .conflict, "A file of the server arrived damaged.", details: "the digest of \(file.name)")
            }
            return .complete
        default: throw TransferFrame.malformed("a message out of turn")
        }
    }
}
