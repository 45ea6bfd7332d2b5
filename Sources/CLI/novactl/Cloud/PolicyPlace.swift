import ArgumentParser
import NovaCore
import NovaHTTPClient
import NovaPolicy
import NovaSchema

/// Where the policies of running services are read.
struct PolicyPlace: ParsableArguments {
    @OptionGroup var daemons: MonitoringPlace
    @ArgumentParser.Option(help: "Only the rules of this service, such as nova-api.") var service: String?

    /// The rules of the services that answer.
    ///
    /// - Throws: ``NovaError`` `unavailable` when none does, or one that was named does not.
    func rules() async throws -> [PolicyLine] {
        let isNamed = !daemons.monitoring.isEmpty
        var lines: [PolicyLine] = []
        for answer in try await daemons.answers(to: "/policy") {
            guard let response = answer.response, response.status == 200 else {
                guard isNamed else { continue }
                throw NovaError(
                    .unavailable, "\(answer.address) cannot be reached, or tells no policy.",
                    details: answer.response.map { "status \($0.status)" } ?? "")
            }
            for found in try response.json()["services"]?.arrayValue ?? [] {
                let name = found["service"]?.stringValue ?? ""
                guard service == nil || service == name else { continue }
                lines += (found["rules"]?.arrayValue ?? []).map { PolicyLine($0, service: name) }
            }
        }
        guard !lines.isEmpty else {
            throw NovaError(
                .unavailable, "No service told its policy. Is one running here? See --monitoring and --service.")
        }
        return lines
    }
}

/// One rule of one service.
struct PolicyLine: Sendable {
    let service: String
    let name: String
    let check: String
    let standard: String?
    let operations: [String]
    let summary: String

    init(_ value: JSONValue, service: String) {
        self.service = service
        name = value["name"]?.stringValue ?? ""
        check = value["check"]?.stringValue ?? ""
        standard = value["default"]?.stringValue
        operations = value["operations"]?.arrayValue?.compactMap(\.stringValue) ?? []
        summary = value["summary"]?.stringValue ?? ""
    }

    var rule: PolicyRule {
        PolicyRule(name: name, check: check, standard: standard, operations: operations, summary: summary)
    }

    var isOverridden: Bool { standard != check }

    var json: JSONValue {
        [
            "service": .string(service), "rule": .string(name), "check": .string(check),
            "default": JSONValue(standard), "overridden": .bool(isOverridden), "operations": JSONValue(operations),
        ]
    }
}
