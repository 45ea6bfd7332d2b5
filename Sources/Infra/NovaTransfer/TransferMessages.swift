import NovaCore
import NovaWire

/// What the host that connects says first.
struct TransferHello: Record, Equatable {
    static let version: UInt64 = 1

    var version = TransferHello.version
    /// The conductor's signed permission.
    var grant = Secret("")
    /// The stream that is wanted; empty for files.
    var stream = ""

    init() {}
    init(grant: Secret<String>, stream: String = "") {
        self.grant = grant
        self.stream = stream
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("version", &version)
        visitor.visit("grant", &grant)
        visitor.visit("stream", &stream)
    }
}

/// What the host that listens answers when the peer may have what it came for.
struct TransferWelcome: Record, Equatable {
    var version = TransferHello.version
    /// The files that are offered; none for a stream.
    var files: [OfferedFile] = []

    init() {}
    init(files: [OfferedFile]) { self.files = files }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("version", &version)
        visitor.visit("files", &files)
    }
}

/// Asks for a file.
struct TransferFetch: Record, Equatable {
    var name = ""
    /// The first block that is wanted.
    var block: UInt64 = 0

    init() {}
    init(name: String, block: UInt64) {
        self.name = name
        self.block = block
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("name", &name)
        visitor.visit("block", &block)
    }
}

/// Why a peer does not get what it wants; the details stay in the log of who refuses.
struct TransferRefusal: Record, Equatable {
    var code: UInt64 = 0
    var message = ""

    init() {}
    init(_ error: NovaError) {
        code = UInt64(error.code.rawValue)
        message = String(error.message.prefix(1_000))
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("code", &code)
        visitor.visit("message", &message)
    }

    /// The error, as what the other host said.
    var error: NovaError {
        let known = UInt8(exactly: code).flatMap(NovaError.Code.init(rawValue:)) ?? .internal
        return NovaError(known, message, details: "said by the other compute host")
    }
}
