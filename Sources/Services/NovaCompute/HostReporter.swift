import Glibc
import Logging
import NovaCore
import NovaModel
import NovaTelemetry
import VirtDriver

/// Tells the conductor what the host has: at start, and then regularly.
struct HostReporter: Sendable {
    /// What the driver does not know.
    struct Settings: Sendable {
        var host: String
        var providerID: ProviderID
        var hostIP: String
        var zone: String
        var cpuRatio: Double
        var memoryRatio: Double
        var diskRatio: Double
        var reservedMemoryMB: Int64
        var instancesPath: String
        var interval: Duration
    }

    let driver: any VirtDriver
    let conductor: any ConductorLink
    let settings: Settings
    let log: Logger
    /// Whether a report was ever accepted, and why the last one was not; for the health page.
    let onResult: @Sendable (_ wasAccepted: Bool, (any Error)?) -> Void

    /// Reports until cancelled.
    func run() async {
        var failures = 0
        var wasAccepted = false
        while !Task.isCancelled {
            do {
                try await conductor.report(try await resources())
                if failures > 0 { log.info("the conductor takes reports again") }
                failures = 0
                wasAccepted = true
                ComputeMetrics.shared.reports.inc()
                onResult(wasAccepted, nil)
            } catch {
                if Task.isCancelled { return }
                failures += 1
                ComputeMetrics.shared.reportFailures.inc()
                onResult(wasAccepted, error)
                // Once, and then now and then: an absent conductor must not fill the log.
                if failures == 1 || failures % 30 == 0 { log.warning("host report failed: \(NovaError(error))") }
            }
            // Soon at first: the services of a cloud start side by side.
            let pause =
                failures == 0 ? settings.interval : min(settings.interval, .milliseconds(200 * min(failures, 50)))
            try? await SteadyClock.sleep(for: pause)  // ends early only by cancellation
        }
    }

    /// Asked once: the difference of two clocks is never twice the same.
    private static let bootedAt: Timestamp? = {
        var time = timespec()
        guard clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return nil }
        return Timestamp.now().adding(seconds: -Int64(time.tv_sec))
    }()

    /// What the host has now.
    func resources() async throws -> HostResources {
        var resources = try await driver.hostResources()
        ComputeMetrics.shared.instances.set(Double(resources.runningInstances))
        resources.host = settings.host
        resources.node = settings.host
        resources.providerID = settings.providerID
        resources.hostIP = settings.hostIP
        resources.bootedAt = Self.bootedAt
        resources.availabilityZone = settings.zone
        resources.cpuAllocationRatio = settings.cpuRatio
        resources.memoryAllocationRatio = settings.memoryRatio
        resources.diskAllocationRatio = settings.diskRatio
        resources.reservedMemoryMB = min(settings.reservedMemoryMB, resources.memoryMB)
        if driver.isReal { resources.diskGB = try HostFiles.space(of: settings.instancesPath).total >> 30 }
        return resources
    }
}
