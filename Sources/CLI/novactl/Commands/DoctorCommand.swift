import ArgumentParser
import NovaCore
import NovaHTTPClient
import NovaSchema

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what is wrong with the cloud, at a glance (administrators).",
        discussion: """
            Shows services, open workflows and the reconcilers with their last runs, and changes nothing. Of the daemons that
            can be asked it tells which parts do not work as they should, such as a policy file that is not in force.
            Exit codes: 0 healthy, 1 something is wrong.
            """)
    @OptionGroup var cloud: CloudOptions
    @OptionGroup var daemons: MonitoringPlace
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var isHealthy = true
        try await cloud.with { session in
            let services = try await session.get(.compute, "/os-services")["services"]?.arrayValue ?? []
            let audit = try await session.get(.compute, "/os-nova-audit")["audit"] ?? .null
            let workflows =
                try await session.get(.compute, "/os-nova-workflows", [("open", "true")])["workflows"]?.arrayValue ?? []
            let hosts = try await HostRow.list(session).filter { $0["maintenance"]?.stringValue != nil }
            let reconcilers = audit["reconcilers"]?.arrayValue ?? []
            let findings = (audit["findings"]?.arrayValue ?? []).filter { $0["state"]?.stringValue == "found" }
            let answers = try await daemons.answers(to: "/readyz")
            let silent = daemons.isChosen ? answers.filter { $0.response == nil }.map(\.address) : []
            let parts = answers.flatMap { DaemonPart.parts($0.response?.text ?? "") }
            let troubles =
                Self.troubles(services, reconcilers, findings, workflows)
                + silent.map { "The daemon at \($0) does not answer." } + parts.compactMap(\.trouble)
            isHealthy = troubles.isEmpty
            guard !output.json else {
                let value: JSONValue = .object([
                    "healthy": .bool(troubles.isEmpty), "troubles": .array(troubles.map { .string($0) }),
                    "services": .array(services), "reconcilers": .array(reconcilers), "findings": .array(findings),
                    "open_workflows": .integer(Int64(workflows.count)), "parts": .array(parts.map(\.json)),
                    "maintenance": .array(hosts),
                ])
                return Console.write(value.text)
            }
            output.show(
                services,
                [
                    Column("Service", "binary"), Column("Host", "host"), Column("State", "state"),
                    Column("Updated", "updated_at"),
                ])
            Console.write("")
            output.show(
                reconcilers,
                [
                    Column("Reconciler", "name"), Column("Last run", "last_run"), Column("ms", "duration_ms"),
                    Column("Findings", "findings"), Column("Suspicions", "suspicions"), Column("Healed", "healed"),
                    Column("Error", "error"),
                ])
            Console.write("\n\(workflows.count) workflow(s) open. See: novactl workflow list --open")
            for host in hosts {
                Console.write(
                    "Host \(host["host"]?.cell ?? "-") is in maintenance (\(host["maintenance"]?.cell ?? "-")). "
                        + "See: novactl host list")
            }
            Console.write(troubles.isEmpty ? "The cloud is healthy." : troubles.joined(separator: "\n"))
        }
        if !isHealthy { throw ExitCode.failure }
    }

    /// What is wrong, a line each.
    static func troubles(
        _ services: [JSONValue], _ reconcilers: [JSONValue], _ findings: [JSONValue], _ workflows: [JSONValue]
    ) -> [String] {
        var troubles = services.filter { $0["state"]?.stringValue != "up" }.map {
            "\($0["binary"]?.cell ?? "-") on \($0["host"]?.cell ?? "-") is down."
        }
        if reconcilers.isEmpty { troubles.append("The reconcilers have not run yet. Is a conductor running?") }
        for reconciler in reconcilers where !(reconciler["error"]?.stringValue ?? "").isEmpty {
            troubles.append(
                "The reconciler \(reconciler["name"]?.cell ?? "-") could not look: \(reconciler["error"]?.cell ?? "-")")
        }
        if !findings.isEmpty { troubles.append("\(findings.count) finding(s). See: novactl audit") }
        let failing = workflows.count { ($0["attempts"]?.integerValue ?? 0) >= 5 }
        if failing > 0 {
            troubles.append("\(failing) workflow(s) fail again and again. See: novactl workflow list --open")
        }
        return troubles
    }
}
