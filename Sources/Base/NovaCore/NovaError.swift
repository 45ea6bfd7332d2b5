/// The one error of the system: it crosses the queue, becomes an HTTP fault, and says what to do next.
public struct NovaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of causes.
    ///
    /// Raw values are on the wire: append only.
    public enum Code: UInt8, Sendable, CaseIterable {
        case `internal` = 0
        case badRequest = 1
        case unauthorized = 2
        case forbidden = 3
        case notFound = 4
        case conflict = 5
        case tooLarge = 6
        case overQuota = 7
        case unavailable = 8
        case notImplemented = 9
        /// The deadline passed before an answer came.
        case timeout = 10
        case cancelled = 11
        /// Nobody serves the queue; known at once.
        case noConsumer = 12
        /// The worker that had taken a call died before it answered.
        case workerLost = 13
        /// The queue is at its limit.
        case queueFull = 14
        /// Bytes of a peer that are no valid message, record or row.
        case malformed = 15
        /// The scheduler found no host.
        case noValidHost = 16
        /// A fenced request of an older epoch.
        case stale = 17
        /// A state that the action is not allowed in.
        case notAcceptable = 18
        case unsupportedMedia = 19
        case gone = 20
        case preconditionFailed = 21
        /// The hypervisor or a host command failed.
        case hypervisor = 22
        case noSpace = 23
        /// Those who serve the queue are too old for the request.
        case unsupportedVersion = 24
    }

    public var code: Code
    /// For the user: the cause and the next step.
    ///
    /// Never foreign text, paths or secrets.
    public var message: String
    /// For the operator.
    ///
    /// Goes to logs and to administrators.
    public var details: String

    public init(_ code: Code, _ message: String, details: String = "") {
        self.code = code
        self.message = message
        self.details = details
    }

    /// The same error with what was being done put before the operator's details.
    public func during(_ action: String) -> NovaError {
        NovaError(code, message, details: details.isEmpty ? action : "\(action): \(details)")
    }

    /// Any error as a ``NovaError``: itself, a cancellation, or an internal error with its text as details.
    public init(_ error: any Error) {
        switch error {
        case let error as NovaError: self = error
        case is CancellationError: self.init(.cancelled, "The request was cancelled.")
        default: self.init(.internal, "An internal error occurred.", details: String(describing: error))
        }
    }

    /// Whether the same request may succeed later, with no change to it.
    public var isTransient: Bool {
        switch code {
        case .unavailable, .timeout, .noConsumer, .workerLost, .queueFull, .cancelled, .unsupportedVersion: true
        default: false
        }
    }

    public var description: String { details.isEmpty ? "\(code): \(message)" : "\(code): \(message) (\(details))" }
}
