import ArgumentParser
import NovaCore
import NovaPolicy
import NovaSchema

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Who may do what: the rules in force, and what they decide (operators).",
        discussion: "Reads the monitoring ports of running daemons. Rules are changed in [oslo_policy] policy_file.",
        subcommands: [List.self, Sample.self, Check.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the rules in force.")
        @OptionGroup var policy: PolicyPlace
        @OptionGroup var output: OutputOptions
        @Flag(help: "Only rules that a file has changed.") var overridden = false

        func run() async throws {
            let lines = try await policy.rules().filter { !overridden || $0.isOverridden }
            output.show(
                lines.map(\.json),
                [
                    Column("Service", "service"), Column("Rule", "rule"), Column("Check", "check"),
                    Column("Changed") { $0["overridden"]?.boolValue == true ? "yes" : "" },
                ])
        }
    }

    struct Sample: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a policy file with every rule at its default, as comments.")
        @OptionGroup var policy: PolicyPlace

        func run() async throws {
            Console.write(PolicyRule.sample(try await policy.rules().map(\.rule)))
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says whether the rules in force let a user do something.",
            discussion: """
                The user's roles are those that a token for the project, the domain or the system would have now; without
                one of them the token has no scope. The target is what belongs to the user and the project, unless
                --target says otherwise. Exit code 1 when it is not allowed.
                """)
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var policy: PolicyPlace
        @OptionGroup var output: OutputOptions
        @ArgumentParser.Option(help: "The user's name or id.") var user: String
        @ArgumentParser.Option(help: "The project's name or id.") var project: String?
        @ArgumentParser.Option(help: "The domain's name or id, for a token of a domain.") var domain: String?
        @Flag(help: "For a token of the whole system.") var system = false
        @ArgumentParser.Option(help: "The rule, such as os_compute_api:servers:delete.") var rule: String
        @ArgumentParser.Option(help: "What the target has: NAME=VALUE (repeatable).") var target: [String] = []

        func validate() throws {
            guard [project != nil, domain != nil, system].count(where: { $0 }) <= 1 else {
                throw ValidationError("Choose one of --project, --domain and --system.")
            }
            for pair in target where !pair.contains("=") {
                throw ValidationError("--target takes NAME=VALUE, not \(pair).")
            }
        }

        func run() async throws {
            var isAllowed = false
            try await cloud.with { session in
                let lines = try await policy.rules()
                guard let line = lines.first(where: { $0.name == rule }) else {
                    throw NovaError(.notFound, "There is no rule \(rule). See: novactl policy list")
                }
                let caller = try await PolicySubject(session, user: user, project: project, domain: domain, system)
                let rules = Dictionary(
                    lines.filter { $0.service == line.service }.map { ($0.name, $0.check) },
                    uniquingKeysWith: { first, _ in first })
                var values = caller.target
                for pair in target {
                    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    values[String(parts[0])] = String(parts[1])
                }
                isAllowed = try Policy(rules: rules).allows(rule, caller: caller.caller, target: values)
                output.show([
                    "allowed": .bool(isAllowed), "rule": .string(rule), "check": .string(line.check),
                    "service": .string(line.service), "roles": JSONValue(caller.caller.roles),
                ])
            }
            if !isAllowed { throw ExitCode.failure }
        }
    }
}
