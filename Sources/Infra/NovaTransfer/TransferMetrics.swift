import NovaTelemetry

/// The metrics of transfers between compute hosts.
struct TransferMetrics: Sendable {
    private let registry: MetricsRegistry
    let open: Gauge
    let sent: Counter
    let received: Counter

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        open = registry.gauge("nova_transfer_connections", help: "Connections of other compute hosts to this one.")
        let help = "Bytes of files and streams that went to other compute hosts or came from them."
        sent = registry.counter("nova_transfer_bytes_total", help: help, labels: ["direction": "sent"])
        received = registry.counter("nova_transfer_bytes_total", help: help, labels: ["direction": "received"])
    }

    /// Counts a connection that was not let in.
    func refused(_ reason: String) {
        registry.counter(
            "nova_transfer_refused_total", help: "Connections to this host that were refused.",
            labels: ["reason": reason]
        ).inc()
    }

    /// How often a reason was counted.
    func refusals(_ reason: String) -> Int64 {
        registry.counter(
            "nova_transfer_refused_total", help: "Connections to this host that were refused.",
            labels: ["reason": reason]
        ).value
    }
}
