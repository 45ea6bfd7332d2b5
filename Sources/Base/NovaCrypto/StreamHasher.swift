import Crypto

/// A digest that is built piece by piece, for content that does not fit in memory.
public protocol StreamHasher: Sendable {
    init()
    /// Adds the next bytes.
    mutating func update(_ bytes: [UInt8])
    /// Adds the next bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// The digest of all bytes added so far; more may follow.
    func digest() -> [UInt8]
}

/// SHA-256, piece by piece.
public struct SHA256Hasher: StreamHasher {
    private var state = SHA256()
    public init() {}
    public mutating func update(_ bytes: [UInt8]) { state.update(data: bytes) }
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }
    public func digest() -> [UInt8] { Array(state.finalize()) }
}

/// SHA-512, piece by piece.
public struct SHA512Hasher: StreamHasher {
    private var state = SHA512()
    public init() {}
    public mutating func update(_ bytes: [UInt8]) { state.update(data: bytes) }
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }
    public func digest() -> [UInt8] { Array(state.finalize()) }
}

/// MD5, piece by piece: the `checksum` of an image; never for trust.
public struct MD5Hasher: StreamHasher {
    private var state = Insecure.MD5()
    public init() {}
    public mutating func update(_ bytes: [UInt8]) { state.update(data: bytes) }
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }
    public func digest() -> [UInt8] { Array(state.finalize()) }
}
