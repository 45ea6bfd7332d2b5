public import NovaCore
public import NovaWire

/// The body of FAIL: a ``NovaError`` on the wire.
public struct FailureRecord: Record, Equatable {
    public var code: UInt64 = 0
    public var message = ""
    public var details = ""

    public init() {}

    public init(_ error: NovaError) {
        code = UInt64(error.code.rawValue)
        message = String(error.message.prefix(4_000))
        details = String(error.details.prefix(16_000))
    }

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("code", &code)
        visitor.visit("message", &message)
        visitor.visit("details", &details)
    }

    /// The error; a code that this version does not know is an internal error.
    public var error: NovaError {
        let known = UInt8(exactly: code).flatMap(NovaError.Code.init(rawValue:))
        return NovaError(known ?? .internal, message, details: details)
    }
}
