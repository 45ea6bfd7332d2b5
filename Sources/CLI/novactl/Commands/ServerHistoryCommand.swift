import ArgumentParser
import NovaCore
import NovaSchema

struct ServerHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows what became of a server: who did what and why, before and after.",
        discussion: "Newest first. A deleted server's is asked for by its id.")
    @OptionGroup var cloud: CloudOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Name or id.") var server: String

    func run() async throws {
        try await cloud.with { session in
            let id = try await Resource.serverID(session, server)
            let body = try await history(session, id)
            output.show(
                body["history"]?.arrayValue ?? [],
                [
                    Column("When", "started_at"), Column("What", "what"), Column("Who", "who"),
                    Column("Before") { Self.states($0["before"]) }, Column("After") { Self.states($0["after"]) },
                    Column("Request", "request_id"), Column("Why", "why"),
                ])
        }
    }

    private func history(_ session: CloudSession, _ id: String) async throws -> JSONValue {
        do {
            return try await session.get(.compute, "/servers/\(CloudSession.escaped(id))/os-nova-history")
        } catch let error as NovaError where error.code == .notFound {
            throw Resource.missing("server", id)
        }
    }

    /// "ACTIVE on h1".
    @Sendable private static func states(_ value: JSONValue?) -> String {
        guard let status = value?["status"]?.stringValue else { return "-" }
        guard let host = value?["host"]?.stringValue else { return status }
        return "\(status) on \(host)"
    }
}
