import NovaInterfaces

/// The names of remote methods, which the wire has as numbers.
enum MethodNames {
    /// "build", or "#7" for one that this release does not know.
    static func short(_ interface: String, _ number: Int64) -> String {
        RPCCatalogue.methodName(interface, number) ?? "#\(number)"
    }

    /// "compute.build".
    static func full(_ interface: String, _ number: Int64) -> String { "\(interface).\(short(interface, number))" }
}
