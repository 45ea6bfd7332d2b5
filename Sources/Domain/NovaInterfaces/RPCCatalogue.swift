public import NovaRPC

/// Every interface between the daemons; `proto-spec/rpc` has a document for each.
///
/// A test finds methods in the sources that are missing here.
public enum RPCCatalogue {
    /// The interfaces, by topic.
    public static let interfaces: [any RPCInterface.Type] = [
        ComputeInterface.self, ConductorInterface.self, IdentityInterface.self, ImageInterface.self,
        NetworkInterface.self, NotificationsInterface.self, PlacementInterface.self, RevocationsInterface.self,
        SchedulerInterface.self,
    ]

    /// The name of an interface's method by its number; nil when this release knows none.
    public static func methodName(_ interface: String, _ number: Int64) -> String? { names[interface]?[number] }

    private static let names: [String: [Int64: String]] = {
        // What every worker answers, see proto-spec/wire/envelope.md.
        var names: [String: [Int64: String]] = ["queue": [1: "ping"]]
        for interface in interfaces {
            for method in interface.descriptions {
                names[method.topic, default: [:]][Int64(method.number)] = method.name
            }
        }
        return names
    }()
}
