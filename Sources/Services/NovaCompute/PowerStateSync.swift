import Logging
import NovaCore
import NovaInterfaces
import NovaModel
import NovaTelemetry
import VirtDriver

/// Keeps the conductor's picture of the host's instances true: changes as they happen, everything now and then; and
/// removes from the host what does not belong on it.
struct PowerStateSync: Sendable {
    let host: String
    let driver: any VirtDriver
    let conductor: any ConductorLink
    let actions: InstanceActions
    let folders: InstanceFolders?
    let plugger: PortPlugger
    let fences: FenceStore
    let activity: InstanceActivity
    let known: KnownPowerStates
    let interval: Duration
    /// Whether what the first look finds stopped is started again, where its server should run.
    let resumesGuests: Bool
    let log: Logger

    /// Works until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await event in driver.events { await look(at: event.serverID) } }
            group.addTask { for await id in activity.rechecks { await look(at: id) } }
            group.addTask {
                var suspects: Set<ServerID> = []
                var isFirst = true
                while !Task.isCancelled {
                    var pause = interval
                    do {
                        suspects = try await fullSync(suspects: suspects, resumes: resumesGuests && isFirst)
                        isFirst = false
                    } catch {
                        if Task.isCancelled { break }
                        log.warning("power state sync failed: \(NovaError(error))")
                        pause = min(interval, .seconds(5))
                    }
                    try? await SteadyClock.sleep(for: pause)  // ends early only by cancellation
                }
            }
            await group.waitForAll()
        }
    }

    /// Reports one instance's state if the conductor does not know it yet.
    func look(at id: ServerID) async {
        guard !Task.isCancelled, !activity.defers(id) else { return }
        do {
            guard let state = try await driver.powerState(id), !known.isKnown(id, state) else { return }
            _ = try await conductor.report(
                PowerReport(host: host, isComplete: false, instances: [InstancePower(id, state)]))
            known.set(id, state)
        } catch {
            // The full sync makes it good.
            log.warning("power state report failed: \(NovaError(error))", metadata: ["server": "\(id)"])
        }
    }

    /// Reports all instances, and removes orphans.
    ///
    /// An instance is removed only when two reports in a row found it unknown and nothing is being done to it.
    ///
    /// - Parameters:
    ///   - suspects: the unknown instances of the last report.
    ///   - resumes: whether servers that should run are started again.
    /// - Returns: the unknown instances of this one.
    func fullSync(suspects: Set<ServerID>, resumes: Bool = false) async throws -> Set<ServerID> {
        var states = try await driver.powerStates()
        for id in try await folders?.servers() ?? [] where states[id] == nil && !activity.isBusy(id) {
            states[id] = .noState
        }
        let report = PowerReport(
            host: host, isComplete: true,
            instances: states.sorted { $0.key < $1.key }.map { InstancePower($0.key, $0.value) })
        let answer = try await conductor.report(report)
        known.replace(states)
        let unknown = Set(answer.unknown).intersection(states.keys).filter { !activity.isBusy($0) }
        for id in unknown.intersection(suspects).sorted() {
            try await actions.removeOrphan(id)
            ComputeMetrics.shared.orphans.inc()
        }
        var gone: [ServerVersion] = []
        for missing in answer.missing where try await actions.isGone(missing.serverID) { gone.append(missing) }
        var changed: [InstancePower] = []
        for doubted in answer.doubted where !activity.defers(doubted.serverID) {
            let state = try await driver.powerState(doubted.serverID) ?? .noState
            changed.append(InstancePower(doubted.serverID, state, version: doubted.version))
            known.set(doubted.serverID, state)
        }
        if !gone.isEmpty || !changed.isEmpty {
            var second = PowerReport(host: host, isComplete: false, instances: changed, gone: gone)
            second.resumesGuests = resumes
            _ = try await conductor.report(second)
        }
        // Nobody knows the ports of an instance whose server has no row: no tap goes while there is one.
        let taps = answer.hasStrangers ? [] : try await plugger.sweep(keeping: answer.ports)
        if !taps.isEmpty {
            log.warning("removed taps that no server needs", metadata: ["taps": "\(taps.joined(separator: " "))"])
            ComputeMetrics.shared.orphans.inc(by: taps.count)
        }
        fences.sweep()
        return unknown.subtracting(suspects)
    }
}
