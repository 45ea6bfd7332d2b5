public import NovaWire

/// What a server is, between actions (`spec/states.md`, "Value sets").
public enum VMState: String, WireEnum {
    case building
    case active
    case paused
    case suspended
    case stopped
    case rescued
    case resized
    case softDeleted = "soft-delete"
    case deleted
    case error
    case shelved
    case shelvedOffloaded = "shelved_offloaded"
}

/// What is being done to a server; a server at rest has none.
public enum TaskState: String, WireEnum {
    case scheduling
    case blockDeviceMapping = "block_device_mapping"
    case networking
    case spawning
    case rebooting
    case rebootingHard = "rebooting_hard"
    case poweringOff = "powering-off"
    case poweringOn = "powering-on"
    case deleting
}

/// What the hypervisor says of an instance; the numbers are the Compute API's.
public enum PowerState: String, WireEnum {
    case noState
    case running
    case paused
    case shutdown
    case crashed
    case suspended

    /// The value of `OS-EXT-STS:power_state`.
    public var number: Int64 {
        switch self {
        case .noState: 0
        case .running: 1
        case .paused: 3
        case .shutdown: 4
        case .crashed: 6
        case .suspended: 7
        }
    }
}

/// The status that users see, from the two states (`spec/states.md`, "API status").
public enum ServerStatus {
    public static func name(_ vmState: VMState, _ taskState: TaskState?) -> String {
        switch (vmState, taskState) {
        case (.active, .rebooting): "REBOOT"
        case (.active, .rebootingHard): "HARD_REBOOT"
        case (.active, _): "ACTIVE"
        case (.building, _): "BUILD"
        case (.stopped, _): "SHUTOFF"
        case (.resized, _): "VERIFY_RESIZE"
        case (.paused, _): "PAUSED"
        case (.suspended, _): "SUSPENDED"
        case (.rescued, _): "RESCUE"
        case (.error, _): "ERROR"
        case (.deleted, _): "DELETED"
        case (.softDeleted, _): "SOFT_DELETED"
        case (.shelved, _): "SHELVED"
        case (.shelvedOffloaded, _): "SHELVED_OFFLOADED"
        }
    }

    /// The vm_states that a status may stand for, for filters; nil for a word that is no status.
    public static func vmStates(named status: String) -> [VMState]? {
        let wanted = status.uppercased()
        if wanted == "REBOOT" || wanted == "HARD_REBOOT" { return [.active] }
        let states = VMState.allCases.filter { name($0, nil) == wanted }
        return states.isEmpty ? nil : states
    }
}
