import ArgumentParser
import NovaCore
import NovaSchema

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Compares what is there with what should be (administrators).",
        discussion: """
            Looks at servers, hosts, allocations, ports, disks, images, leases, tasks and services. What is seen once is \
            looked at again after the settling time before it counts, so that nothing that is just being done is shown.
            --fix heals what is safe to heal; the rest is listed with what would heal it.
            Exit codes: 0 clean, 1 findings are left (or the audit failed); the others as novactl --help says.
            """)
    /// How often a suspicion is looked at again.
    private static let rounds = 3

    @OptionGroup var cloud: CloudOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Heal what is safe to heal.") var fix = false
    @ArgumentParser.Option(help: "Heal this kind of finding, too, although it is not safe (repeatable).")
    var also: [String] = []
    @Flag(help: "List what was healed within the last day, too.") var healed = false

    func run() async throws {
        var isClean = true
        try await cloud.with { session in
            var audit = try await look(session)
            var round = 1
            while count("suspected", audit) > 0, round <= Self.rounds {
                let pause = audit["settle_seconds"]?.doubleValue ?? 30
                try await Task.sleep(for: .milliseconds(Int64(max(0, min(600, pause)) * 1_000) + 100))
                audit = try await look(session)
                round += 1
            }
            let findings = (audit["findings"]?.arrayValue ?? []).filter { finding in
                switch finding["state"]?.stringValue {
                case "found": true
                case "healed": healed || (fix || !also.isEmpty) && isRecent(finding)
                default: false
                }
            }
            let failed = (audit["reconcilers"]?.arrayValue ?? []).filter {
                !($0["error"]?.stringValue ?? "").isEmpty
            }
            isClean = count("found", audit) == 0 && failed.isEmpty
            show(findings, failed)
        }
        if !isClean { throw ExitCode.failure }
    }

    private func look(_ session: CloudSession) async throws -> JSONValue {
        let request: JSONValue = [
            "audit": ["fix": .bool(fix), "also": .array(also.map { .string($0) })]
        ]
        let body = try await session.post(.compute, "/os-nova-audit", request)
        return body["audit"] ?? .null
    }

    private func count(_ state: String, _ audit: JSONValue) -> Int {
        (audit["findings"]?.arrayValue ?? []).count { $0["state"]?.stringValue == state }
    }

    /// Healed by this audit, or just before.
    private func isRecent(_ finding: JSONValue) -> Bool {
        guard let time = finding["healed_at"]?.stringValue.flatMap({ Timestamp(iso8601: $0) }) else { return false }
        return time > Timestamp.now().adding(seconds: -600)
    }

    private func show(_ findings: [JSONValue], _ failed: [JSONValue]) {
        for reconciler in failed {
            let name = reconciler["name"]?.cell ?? "-"
            Console.complain("novactl: \(name) could not be looked at: \(reconciler["error"]?.cell ?? "-")")
        }
        if findings.isEmpty, !output.json {
            return Console.write(failed.isEmpty ? "Everything is as it should be." : "Nothing was found elsewhere.")
        }
        output.show(
            findings,
            [
                Column("Finding", "kind"), Column("State", "state"), Column("Safe", "safe"), Column("Object", "object"),
                Column("Host", "host"), Column("What is wrong", "explanation"), Column("What heals it", "remedy"),
                Column("Error", "error"),
            ])
    }
}
