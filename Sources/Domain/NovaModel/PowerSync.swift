/// What a power state that the hypervisor reports makes of a server at rest (`spec/states.md`, "Periodic power sync").
public enum PowerSync {
    /// Takes over the power state, and the vm_state when the guest stopped or came back by itself.
    public static func apply(_ powerState: PowerState, to server: inout ServerRecord) {
        server.powerState = powerState
        if hasStopped(server, powerState) { server.vmState = .stopped }
        switch (server.vmState, powerState) {
        case (.stopped, .running): server.vmState = .active
        // What a pause holds is in the guest's memory: without the guest there is nothing left of it.
        case (.paused, .shutdown), (.paused, .crashed), (.paused, .noState): server.vmState = .stopped
        default: break
        }
    }

    /// Whether the guest of a server that should run does not.
    ///
    /// One without a domain has its disk: a start makes the domain again.
    public static func hasStopped(_ server: ServerRecord, _ powerState: PowerState) -> Bool {
        server.vmState == .active && [.shutdown, .crashed, .noState].contains(powerState)
    }
}
