import NovaCore
import NovaModel
import NovaTelemetry

/// How the reconcilers' last runs went, as far as this conductor did them.
struct AuditMetrics: Sendable {
    let registry: MetricsRegistry

    func note(_ status: ReconcilerStatus, healedNow: Int64) {
        let labels = ["reconciler": status.name]
        registry.gauge(
            "nova_reconciler_last_run_timestamp_seconds", help: "When the reconciler looked last.", labels: labels
        ).set(Double(status.startedAt.microseconds) / 1e6)
        registry.gauge(
            "nova_reconciler_duration_seconds", help: "What the reconciler's last decision and healing took.",
            labels: labels
        ).set(Double(status.duration) / 1e6)
        registry.gauge(
            "nova_reconciler_findings", help: "Findings that are not healed.", labels: labels
        ).set(Double(status.findings))
        registry.gauge(
            "nova_reconciler_suspicions", help: "What was seen once and may become a finding.", labels: labels
        ).set(Double(status.suspicions))
        registry.counter("nova_reconciler_healed_total", help: "Findings healed by this process.", labels: labels)
            .inc(by: Int(clamping: healedNow))
        let failures = registry.counter(
            "nova_reconciler_failures_total", help: "Runs in which the reconciler could not look.", labels: labels)
        if !status.error.isEmpty { failures.inc() }
    }
}
