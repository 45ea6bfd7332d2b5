import ArgumentParser
import NovaCore
import NovaHTTPClient
import NovaPolicy
import NovaSchema
import NovaService

/// Where the policies of running services are read.
struct PolicyPlace: ParsableArguments {
    @ArgumentParser.Option(
        help: "The monitoring address of a daemon, http://HOST:PORT (repeatable; default: the daemons of this host).")
    var monitoring: [String] = []
    @ArgumentParser.Option(help: "Only the rules of this service, such as nova-api.") var service: String?

    /// The rules of the services that answer.
    ///
    /// - Throws: ``NovaError`` `unavailable` when none does, or one that was named does not.
    func rules() async throws -> [PolicyLine] {
        let client = HTTPClient(connectTimeout: .seconds(2))
        do {
            let rules = try await rules(client)
            await client.shutdown()
            return rules
        } catch {
            await client.shutdown()
            throw error
        }
    }

    private func rules(_ client: HTTPClient) async throws -> [PolicyLine] {
        let isChosen = !monitoring.isEmpty
        let addresses = isChosen ? monitoring : Daemon.monitoringPorts.values.sorted().map { "http://127.0.0.1:\($0)" }
        var lines: [PolicyLine] = []
        for address in addresses {
            let base = address.hasSuffix("/") ? String(address.dropLast()) : address
            let answer: HTTPResponse
            do {
                answer = try await client.request("GET", "\(base)/policy", timeout: .seconds(10))
            } catch let error as NovaError where !isChosen && error.code == .unavailable {
                continue  // no such daemon on this host
            }
            guard answer.status == 200 else {
                guard isChosen else { continue }
                throw NovaError(.unavailable, "\(base) told no policy.", details: "status \(answer.status)")
            }
            for found in try answer.json()["services"]?.arrayValue ?? [] {
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
