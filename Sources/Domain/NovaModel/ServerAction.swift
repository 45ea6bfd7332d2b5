import NovaCore

/// Which action is allowed in which state (`spec/states.md`, "Allowed states per action").
public enum ServerAction: String, Sendable, CaseIterable {
    case delete
    case start
    case stop
    case rebootSoft = "reboot"
    case rebootHard = "reboot_hard"

    /// The task state that the API sets when it accepts the action.
    public var taskState: TaskState {
        switch self {
        case .delete: .deleting
        case .start: .poweringOn
        case .stop: .poweringOff
        case .rebootSoft: .rebooting
        case .rebootHard: .rebootingHard
        }
    }

    /// The name in `os-instance-actions`.
    public var recordedName: String { self == .rebootHard ? "reboot" : rawValue }

    /// Checks that the action may begin.
    ///
    /// - Throws: ``NovaError`` `conflict` with Nova's words.
    public func check(_ server: ServerRecord) throws {
        if self == .delete { return }
        let vmStates: [VMState]
        switch self {
        case .start: vmStates = [.stopped]
        case .stop: vmStates = [.active, .error]
        case .rebootSoft: vmStates = [.active]
        case .rebootHard: vmStates = [.active, .stopped, .paused, .suspended, .error]
        case .delete: vmStates = VMState.allCases
        }
        guard vmStates.contains(server.vmState) else {
            throw conflict(server, "vm_state \(server.vmState.rawValue)")
        }
        if let task = server.taskState {
            let interruptible: [TaskState] = self == .rebootHard ? [.rebooting, .rebootingHard] : []
            guard interruptible.contains(task) else { throw conflict(server, "task_state \(task.rawValue)") }
        }
        guard server.launchedAt != nil else { throw conflict(server, "launched_at None") }
    }

    private func conflict(_ server: ServerRecord, _ state: String) -> NovaError {
        NovaError(.conflict, "Cannot '\(recordedName)' instance \(server.id) while it is in \(state)")
    }
}
