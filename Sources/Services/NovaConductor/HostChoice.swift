import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaSchema
import NovaStore
import NovaWorkflow

/// Asks the scheduler for a host, and says in Nova's words why there is none.
extension ConductorParts {
    /// What the scheduler is asked for a server, with the hints that its user gave when it was created.
    func request(for server: ServerRecord, hints: [String: String]? = nil) async throws -> SchedulingRequest {
        var request = SchedulingRequest()
        request.serverID = server.id
        request.projectID = server.projectID
        request.userID = server.userID
        request.flavor = server.flavor
        request.availabilityZone = server.availabilityZone
        request.hints = hints ?? Self.hints(server)
        try await SchedulingHints.fill(&request, server, database)
        return request
    }

    /// Finds a host and claims its resources.
    ///
    /// - Parameters:
    ///   - tried: hosts that have failed, for the words of the error.
    ///   - cause: why the last of them has.
    ///   - explanation: set also when there is no host.
    func choose(
        _ request: SchedulingRequest, tried: [String] = [], cause: String? = nil, _ context: StepContext,
        explanation: inout SchedulingExplanation?
    ) async throws -> Selection {
        let decision = try await bus.call(
            SelectHost(request), to: .topic(SelectHost.topic), context: context.request)
        explanation = decision.explanation
        if let selected = decision.selected { return selected }
        let error = Self.noValidHost(decision.explanation, tried, cause)
        // A broker that has just started knows no hosts, and a compute service may be starting again.
        guard decision.explanation.hostsAway > 0, context.stuck < hostPatience else { throw error }
        throw NovaError(.unavailable, error.message, details: "hosts may come back")
    }

    /// The hosts that still owe something of a server: what they do when they come back would meet the server itself.
    func indebtedHosts(of id: ServerID) async throws -> [String] {
        try await database.read { try WorkflowTable($0).debtors(of: id) }
    }

    private static func hints(_ server: ServerRecord) -> [String: String] {
        // They were checked before they were stored; what cannot be read is no hint.
        guard let text = server.schedulerHints, let object = try? JSONValue.parse(text: text).objectValue else {
            return [:]
        }
        return Dictionary(object.map { ($0.key, $0.value.stringValue ?? $0.value.text) }) { $1 }
    }

    /// The fault that users read: how many hosts each filter took out.
    private static func noValidHost(
        _ explanation: SchedulingExplanation, _ tried: [String], _ cause: String?
    ) -> NovaError {
        let counts = explanation.eliminations.filter { $0.hostsAfter < $0.hostsBefore }
            .map { "\($0.filter): \($0.hostsBefore - $0.hostsAfter) of \($0.hostsBefore)\(Self.hardware($0))" }
        let reason =
            explanation.hostsConsidered == 0
            ? "There are no compute hosts."
            : "Of \(explanation.hostsConsidered) hosts, filters took out: \(counts.joined(separator: ", "))."
        let before =
            tried.isEmpty ? "" : " Tried before: \(tried.joined(separator: ", "))\(cause.map { ": \($0)" } ?? ".")"
        return NovaError(.noValidHost, "No valid host was found. \(reason)\(before)")
    }

    /// What hardware a host lacks, for the user to see: it names extra specs and properties, and no host.
    private static func hardware(_ elimination: SchedulingExplanation.Elimination) -> String {
        guard elimination.filter == GuestHardware.filterName else { return "" }
        return elimination.removed.values.min().map { " (\($0))" } ?? ""
    }

    /// Whether another host may do better.
    static func isHostFailure(_ error: NovaError) -> Bool {
        error.code == .hypervisor || error.code == .noSpace || error.code == .unavailable || error.code == .internal
            || error.code == .noConsumer
    }
}
