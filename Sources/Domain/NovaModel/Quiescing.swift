public import NovaWire

/// Whether a guest's file systems stand still at the moment that a snapshot of its disk shows.
public enum Quiescing: String, WireEnum {
    /// The image has no agent to ask.
    case none
    /// As far as the agent does it: a snapshot without it is better than none.
    case wanted
    /// The image's owner wants no snapshot otherwise.
    case required

    /// What a server's image asks for by `hw_qemu_guest_agent` and `os_require_quiesce`, as Nova reads them.
    public init(properties: [String: String]) {
        func says(_ name: String) -> Bool {
            ["yes", "true", "1"].contains(properties[name]?.lowercased())
        }
        self = says("os_require_quiesce") ? .required : says("hw_qemu_guest_agent") ? .wanted : .none
    }
}
