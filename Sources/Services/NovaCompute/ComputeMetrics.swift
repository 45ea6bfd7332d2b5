import NovaTelemetry

/// The compute service's metrics.
final class ComputeMetrics: Sendable {
    static let shared = ComputeMetrics(.shared)

    private let registry: MetricsRegistry
    let instances: Gauge
    let images: Gauge
    let reports: Counter
    let reportFailures: Counter
    let orphans: Counter

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        instances = registry.gauge("nova_compute_instances", help: "Instances on this host.")
        images = registry.gauge("nova_compute_cached_images", help: "Cached images in use since the start.")
        reports = registry.counter("nova_compute_reports_total", help: "Host reports that the conductor took.")
        reportFailures = registry.counter("nova_compute_report_failures_total", help: "Host reports that failed.")
        orphans = registry.counter("nova_compute_orphans_removed_total", help: "Instances and taps swept away.")
    }

    /// Counts one action: "build", "power.stop"; result "ok" or "failed".
    func note(_ action: String, _ result: String, _ duration: Duration) {
        registry.counter(
            "nova_compute_actions_total", help: "Actions on instances.", labels: ["action": action, "result": result]
        ).inc()
        registry.histogram(
            "nova_compute_action_seconds", help: "Time that actions on instances took.", labels: ["action": action]
        ).observe(duration)
    }
}
