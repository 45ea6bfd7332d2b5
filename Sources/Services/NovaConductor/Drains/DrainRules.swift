import NovaCore
import NovaModel
import NovaStore

/// What a drain does with a server, apart from all input and output.
enum DrainRules {
    /// What can be done with a server as its row is.
    enum Answer: Equatable {
        case move(MoveWay)
        /// Something else is being done to it; then it goes this way.
        case wait(MoveWay, String)
        /// Somebody has to do something first.
        case block(String)
        /// It is going by itself.
        case leave
    }

    /// How a server leaves its host.
    static func answer(_ server: ServerRecord, _ purpose: DrainPurpose, isCold: Bool) -> Answer {
        guard !server.isDeleted, server.taskState != .deleting, server.taskState != .softDeleting else { return .leave }
        if purpose == .evacuate { return evacuation(server) }
        let way: MoveWay
        switch server.vmState {
        case .active: way = isCold ? .cold : .live
        case .stopped: way = .cold
        case .building: return .wait(isCold ? .cold : .live, "It is being built.")
        case .paused:
            guard !isCold else { return .block("It is paused. Next: openstack server unpause \(server.id)") }
            way = .live
        default: return .block(obstacle(server))
        }
        if let task = server.taskState { return .wait(way, "It is busy: \(task.rawValue).") }
        guard server.launchedAt != nil else { return .block("It has never run.") }
        return .move(way)
    }

    private static func evacuation(_ server: ServerRecord) -> Answer {
        do {
            try ServerAction.evacuate.check(server)
            return .move(.evacuate)
        } catch {
            return .block("It is \(server.vmState.rawValue): only active, stopped and failed servers can be made anew.")
        }
    }

    /// What an operator has to do before a server in another state can be moved.
    private static func obstacle(_ server: ServerRecord) -> String {
        let id = server.id
        return switch server.vmState {
        case .suspended: "It is suspended. Next: openstack server resume \(id)"
        case .rescued: "It is in rescue. Next: openstack server unrescue \(id)"
        case .resized: "It waits for the end of its resize. Next: openstack server resize confirm \(id), or revert"
        case .shelved: "It is shelved. Next: openstack server shelve --offload \(id)"
        case .softDeleted: "It is deleted and kept for a while. Next: openstack server delete --force \(id), or restore"
        case .error: "It is in ERROR. Next: openstack server reboot --hard \(id), or delete"
        default: "It is \(server.vmState.rawValue)."
        }
    }

    // MARK: Under way

    /// What follows when the workflow of a move has come to an end.
    enum Outcome: Equatable {
        /// The row is not yet as it will be.
        case wait
        /// It stands on the new host, and nobody needs the old side any more.
        case confirm
        case moved
        /// Another try, on another host.
        case again(String)
        case failed(String)
        case gone(String)
    }

    /// How often a move is begun.
    static let attempts: Int64 = 2

    /// - Parameters:
    ///   - workflow: the one that the move names, nil when it is no longer there.
    ///   - server: nil when it was deleted.
    ///   - waitsForConfirmation: whether a move of the server waits for its confirmation.
    static func outcome(
        _ move: DrainMove, _ purpose: DrainPurpose, _ workflow: WorkflowRecord?, _ server: ServerRecord?,
        waitsForConfirmation: Bool
    ) -> Outcome {
        guard let server, !server.isDeleted else { return .gone("It was deleted.") }
        let hasLeft = server.host != nil && server.host != move.source
        guard let workflow else { return hasLeft ? .moved : .failed("What moved it is no longer known.") }
        if let error = failure(of: workflow) {
            if server.taskState == .deleting { return .gone("It is being deleted.") }
            if hasLeft, move.way == .live { return .moved }
            let mayTry = workflow.state == .failed && move.attempts < attempts && purpose != .giveBack
            // What was refused, or aborted by somebody, is not tried elsewhere.
            let isTried = mayTry && move.state == .moving && error.code != .conflict && error.code != .cancelled
            return isTried ? .again(error.message) : .failed(error.message)
        }
        guard move.way == .cold, move.state == .moving else { return .moved }
        guard server.vmState == .resized else { return hasLeft ? .moved : .failed("Its move was taken back.") }
        // Its user may be confirming it, or taking it back.
        return server.taskState == nil && waitsForConfirmation ? .confirm : .wait
    }

    private static func failure(of workflow: WorkflowRecord) -> NovaError? {
        switch workflow.state {
        case .succeeded: nil
        // What is owed after a success does not concern its user.
        case .owed where workflow.error == nil: nil
        default: workflow.error?.novaError ?? NovaError(.internal, "It did not come to its end.")
        }
    }

    /// How many moves may be under way: twice as many as have ended within ``pace``, at least four.
    ///
    /// So moves that take a part of a second go side by side, and of those that take minutes few wait for each other on
    /// the links and disks of the host.
    static func limit(ended: Int, maximum: Int) -> Int { max(1, min(maximum, max(4, ended * 2))) }

    static let pace = Duration.seconds(2)
    /// For how long a server may be busy before a drain gives up waiting for it.
    static let patience = Duration.seconds(900)
    /// Between two looks at a server that is busy.
    static let pause = Duration.seconds(1)
}
