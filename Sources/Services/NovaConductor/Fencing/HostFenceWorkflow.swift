import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// Switches a compute host off by its fence agent; only then it counts as down, and its servers may be evacuated.
///
/// Nothing is to be undone: a host that the agent could not switch off stays what it was.
enum HostFenceWorkflow {
    static func make(_ parts: ConductorParts, _ agent: FenceAgent) -> Workflow<HostFenceState> {
        Workflow(
            WorkflowKindName.fenceHost,
            steps: [
                .init("agent", run: { state, _ in state.output = try await agent.switchOff(state.host) }),
                silence(parts), schedulers(parts),
            ],
            // A conductor that dies while the agent runs is followed by one that runs it again.
            deadline: agent.timeout * 3 + .seconds(120),
            succeeded: { _, _, _ in }, failed: { _, _, _, _ in })
    }

    /// An agent that switched another machine off has said "off" too.
    private static func silence(_ parts: ConductorParts) -> Workflow<HostFenceState>.Step {
        .init(
            "silence",
            run: { state, context in
                guard try await HostSilence(bus: parts.bus).isBroken(by: state.host, context.request) else { return }
                throw NovaError(
                    .conflict,
                    "The fence agent says that host \(state.host) is off, but its nova-compute still answers. Look whether "
                        + "the agent's options are those of this host.")
            },
            commit: { connection, state in
                let by = state.isAutomatic ? "nova-conductor" : "an administrator"
                try HostFenceTable(connection).declareDown(state, by: by)
            })
    }

    private static func schedulers(_ parts: ConductorParts) -> Workflow<HostFenceState>.Step {
        .init(
            "schedulers",
            run: { _, context in
                try await parts.bus.fanout(HostsOutdated(), topic: HostsOutdated.topic, context: context.request)
            })
    }
}
