public import NovaCore

/// Who a driver works for: everything that it makes on the host carries both ids.
public struct VirtDriverContext: Sendable, Equatable {
    public var cloudID: CloudID
    /// The id of this compute node, kept on the host.
    public var hostID: ProviderID
    /// The folder with one folder per instance, absolute.
    public var instancesPath: String

    public init(cloudID: CloudID, hostID: ProviderID, instancesPath: String) {
        self.cloudID = cloudID
        self.hostID = hostID
        self.instancesPath = instancesPath
    }
}
