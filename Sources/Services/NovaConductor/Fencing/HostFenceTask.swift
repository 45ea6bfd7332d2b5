import Logging
import NovaConfig
import NovaCore
import NovaDatabase
import NovaModel
import NovaRPC
import NovaStore

/// Has hosts switched off that say nothing for too long, where operators want that (`[fencing] automatic`).
///
/// One conductor of the cloud looks, under a lease. A host is silent when it has not reported and does not answer, for as
/// long as this conductor itself has been there to hear; and the silence of many hosts at once is not theirs.
struct HostFenceTask: Sendable {
    struct Settings: Sendable {
        var silence: Duration
        /// The most hosts that may be silent at once.
        var hosts: Int

        init(silence: Duration, hosts: Int) {
            self.silence = silence
            self.hosts = hosts
        }

        /// Nil where nothing is done without being asked.
        init?(_ config: Configuration) {
            guard config[FencingOptions.automatic], !config[FencingOptions.agent].isEmpty else { return nil }
            self.init(silence: .seconds(config[FencingOptions.silence]), hosts: config[FencingOptions.most])
        }
    }

    static let lease = "fencing"
    /// How many times the silence a host is left alone after an agent has failed.
    private static let pauses = 5

    let database: Database
    let settings: Settings
    /// Whether a host's compute service answers; throws when nobody can be asked.
    let answers: @Sendable (String) async throws -> Bool
    let offer: @Sendable (WorkflowID) -> Void
    let log: Logger

    private var tick: Duration { max(.milliseconds(100), min(.seconds(10), settings.silence / 6)) }

    func run() async {
        let owner = "\(WorkflowID.random())"
        var heardSince = SteadyClock.now
        while !Task.isCancelled {
            do {
                try await SteadyClock.sleep(for: tick)
                guard try await hasLease(owner) else { continue }
                let silent = try await silentHosts()
                // What was not heard may have been said.
                guard SteadyClock.now - heardSince >= settings.silence else { continue }
                for host in silent { if let workflow = try await begin(host) { offer(workflow) } }
            } catch is CancellationError {
                return
            } catch {
                heardSince = SteadyClock.now
                log.warning("silent hosts were not looked for", metadata: ["error": "\(NovaError(error))"])
            }
        }
    }

    private func hasLease(_ owner: String) async throws -> Bool {
        let lease = max(.seconds(30), tick * 3)
        return try await database.write { connection in
            let now = try connection.now()
            return try TaskLeaseTable(connection).take(Self.lease, owner: owner, until: now.adding(lease), at: now)
        }
    }

    /// The hosts that have not reported for too long and do not answer either; none when they are too many.
    func silentHosts() async throws -> [String] {
        let hosts = try await database.read { [settings] connection in
            let now = try connection.now()
            return try HostTable(connection).services().filter {
                $0.binary == "nova-compute" && !$0.isForcedDown
                    && now.elapsed(since: $0.updatedAt) >= settings.silence
            }.map(\.host)
        }
        guard hosts.count <= settings.hosts else {
            log.error(
                "more hosts are silent than are switched off by themselves: is the network broken?",
                metadata: ["hosts": "\(hosts.count)", "automatic_hosts": "\(settings.hosts)"])
            return []
        }
        var silent: [String] = []
        for host in hosts where try await !answers(host) { silent.append(host) }
        return silent
    }

    /// Begins to switch a silent host off, unless that is under way or has failed a short while ago.
    func begin(_ name: String) async throws -> WorkflowID? {
        try await database.write { [settings] connection in
            let table = HostFenceTable(connection)
            guard let host = try HostTable(connection).find(name), try !HostTable(connection).isForcedDown(name) else {
                return nil
            }
            if let last = try table.list(of: host, limit: 1).first {
                guard let ended = last.finishedAt,
                    try connection.now().elapsed(since: ended) >= settings.silence * Self.pauses
                else { return nil }
            }
            let reason = "no sign of life for \(settings.silence.components.seconds) s"
            return try table.begin(HostFenceState(name, reason: reason, isAutomatic: true), .system()).id
        }
    }
}
