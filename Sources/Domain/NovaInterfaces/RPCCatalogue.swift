public import NovaRPC

/// Every interface between the daemons; `proto-spec/rpc` has a document for each.
///
/// A test finds methods in the sources that are missing here.
public enum RPCCatalogue {
    /// The interfaces, by topic.
    public static let interfaces: [any RPCInterface.Type] = [
        ComputeInterface.self, ConductorInterface.self, IdentityInterface.self, ImageInterface.self,
        NetworkInterface.self, PlacementInterface.self, RevocationsInterface.self, SchedulerInterface.self,
    ]
}
