import ArgumentParser
import NovaCore
import NovaHTTPClient
import NovaService

/// Where running daemons tell of themselves: their monitoring listeners.
struct MonitoringPlace: ParsableArguments {
    @ArgumentParser.Option(
        help: """
            The monitoring address of a daemon, http://HOST:PORT (repeatable; default: those in NOVA_MONITORING, with spaces \
            between them, else the daemons of this host).
            """)
    var monitoring: [String] = []

    /// What one daemon answered; nil when it did not.
    struct Answer {
        let address: String
        let response: HTTPResponse?
    }

    /// Whether the daemons were named, so that one that does not answer is worth a word.
    var isChosen: Bool { !monitoring.isEmpty || Environment["NOVA_MONITORING"] != nil }

    private var addresses: [String] {
        if !monitoring.isEmpty { return monitoring }
        if let list = Environment["NOVA_MONITORING"] { return list.split(separator: " ").map { String($0) } }
        return Daemon.monitoringPorts.values.sorted().map { "http://127.0.0.1:\($0)" }
    }

    /// Asks each daemon.
    func answers(to path: String) async throws -> [Answer] {
        let client = HTTPClient(connectTimeout: .seconds(2))
        var answers: [Answer] = []
        do {
            for address in addresses {
                let base = address.hasSuffix("/") ? String(address.dropLast()) : address
                answers.append(Answer(address: base, response: try await Self.ask(client, base + path)))
            }
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        return answers
    }

    private static func ask(_ client: HTTPClient, _ url: String) async throws -> HTTPResponse? {
        do {
            return try await client.request("GET", url, timeout: .seconds(10))
        } catch let error as NovaError where error.code == .unavailable {
            return nil
        }
    }
}
