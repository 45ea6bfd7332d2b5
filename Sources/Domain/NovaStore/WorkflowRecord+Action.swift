import NovaModel
import NovaWire

extension WorkflowRecord {
    /// The name of what it does, as `os-instance-actions` shows it: "create", "reboot".
    public var action: String { InstanceAction.name(kind: kind, data: data.bytes) }
}
