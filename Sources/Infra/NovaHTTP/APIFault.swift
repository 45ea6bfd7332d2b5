/// An error with a status of its own, for the few cases that no ``NovaError`` code covers.
public struct APIFault: Error, Sendable {
    public var status: Int
    public var message: String
    public var headers: [(String, String)]
    /// The machine-readable kind: Neutron's `type`, Placement's `code`.
    public var type: String?
    /// Set for 406: the range that would be taken.
    var versions: MicroversionRange?

    /// A fault of a status; `type` is Neutron's exception name or Placement's error code.
    public init(_ status: Int, _ message: String, type: String? = nil, headers: [(String, String)] = []) {
        self.init(status, message, type: type, headers: headers, versions: nil)
    }

    init(
        _ status: Int, _ message: String, type: String? = nil, headers: [(String, String)] = [],
        versions: MicroversionRange?
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.headers = headers
        self.versions = versions
    }
}
