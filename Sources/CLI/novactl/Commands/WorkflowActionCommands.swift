import ArgumentParser
import NovaCore
import NovaSchema

/// What operators do about a workflow.
extension WorkflowCommand {
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tries a workflow that waits now.")
        @OptionGroup var cloud: CloudOptions
        @Argument(help: "Its id.") var workflow: String

        func run() async throws { try await act(cloud, workflow, ["retry": .null]) }
    }

    struct Abandon: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives up what a host still owes: allocation and ports are released.",
            discussion:
                "For a host that will not come back. What is left on it is removed should it come back all the same.")
        @OptionGroup var cloud: CloudOptions
        @Argument(help: "The workflow's id, as in cleanup list.") var workflow: String
        @ArgumentParser.Option(help: "Why; it goes into the journal.") var reason: String
        @Flag(help: "Do not ask.") var yes = false

        func run() async throws {
            try Confirmation.ask("Give up the cleanup that workflow \(workflow) owes?", isGiven: yes)
            try await act(cloud, workflow, ["abandon": ["reason": .string(reason)]])
        }
    }

    private static func act(_ cloud: CloudOptions, _ workflow: String, _ action: JSONValue) async throws {
        try await cloud.with { session in
            do {
                _ = try await session.post(
                    .compute, "/os-nova-workflows/\(CloudSession.escaped(workflow))/action", action)
            } catch let error as NovaError where error.code == .notFound {
                throw Resource.missing("workflow", workflow)
            }
        }
    }
}
