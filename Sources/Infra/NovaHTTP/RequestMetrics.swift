import NovaTelemetry
import Synchronization

/// Counts and times of a server's requests, by operation.
final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        let operation: String
        let status: Int
    }
    private struct Handles {
        var counters: [Key: Counter] = [:]
        var histograms: [String: Histogram] = [:]
    }
    private let service: String
    private let registry: MetricsRegistry
    private let handles = Mutex(Handles())
    let inFlight: Gauge

    init(service: String, registry: MetricsRegistry) {
        self.service = service
        self.registry = registry
        inFlight = registry.gauge(
            "nova_http_requests_in_flight", help: "Requests being answered.", labels: ["service": service])
    }

    func record(_ operation: String, status: Int, _ time: Duration) {
        let (counter, histogram) = handles.withLock { handles in
            let key = Key(operation: operation, status: status)
            let counter =
                handles.counters[key]
                ?? registry.counter(
                    "nova_http_requests_total", help: "Requests answered.",
                    labels: ["service": service, "operation": operation, "status": "\(status)"])
            let histogram =
                handles.histograms[operation]
                ?? registry.histogram(
                    "nova_http_request_seconds", help: "Time to answer a request.",
                    labels: ["service": service, "operation": operation])
            handles.counters[key] = counter
            handles.histograms[operation] = histogram
            return (counter, histogram)
        }
        counter.inc()
        histogram.observe(time)
    }
}
