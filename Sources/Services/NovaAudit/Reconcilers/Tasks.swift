import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// Servers that say that something is being done to them while nothing is.
    public static let tasks = Reconciler(
        "tasks", "the task states of servers and the workflows that do them", needs: [.database]
    ) { picture in
        let busy = picture.busy
        return picture.servers.values.sorted { $0.id < $1.id }.compactMap { server in
            guard !busy.contains(server.id), server.taskState != nil || server.vmState == .building else { return nil }
            let remedy =
                if server.taskState == .deleting {
                    "The deletion is begun again."
                } else if server.vmState == .building {
                    "The server becomes ERROR, with the cause as its fault."
                } else {
                    "The task ends; the power state is what its host says."
                }
            return Drift(
                "task-without-workflow", server.id.description, host: server.host ?? "", server: server.id,
                "The server is \(server.vmState.rawValue) with task \(server.taskState?.rawValue ?? "none"), and no "
                    + "workflow of it is open.",
                remedy: remedy, isSafe: true, .endTask(server.id))
        }
    }
}
