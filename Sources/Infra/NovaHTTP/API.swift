/// An API: operations under one prefix that share versions and the form of their faults.
public struct API: Sendable {
    public var name: String
    /// `/v2.1`, or empty for operations at the root.
    public var prefix: String
    public var microversions: MicroversionRange?
    public var faults: FaultStyle
    public var operations: [Operation]
    /// Whether `/prefix/{project_id}/…` is another form of `/prefix/…` (the Compute API).
    public var allowsProjectInPath: Bool
    /// The version handlers see when there are no microversions (`/v2` of Compute: 2.1).
    public var fixedVersion: Microversion

    public init(
        name: String, prefix: String, microversions: MicroversionRange?, faults: FaultStyle, operations: [Operation],
        allowsProjectInPath: Bool = false, fixedVersion: Microversion = Microversion(2, 1)
    ) {
        self.name = name
        self.prefix = prefix
        self.microversions = microversions
        self.faults = faults
        self.operations = operations
        self.allowsProjectInPath = allowsProjectInPath
        self.fixedVersion = fixedVersion
    }
}
