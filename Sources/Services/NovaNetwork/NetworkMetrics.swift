import NovaTelemetry

/// What nova-network counts.
struct NetworkMetrics: Sendable {
    let ports: Gauge
    let allocations: Counter
    let releases: Counter
    let failures: Counter
    let allocationTime: Histogram
    let leaseWrites: Counter

    init(_ registry: MetricsRegistry) {
        ports = registry.gauge("nova_network_ports", help: "Ports that exist.")
        allocations = registry.counter("nova_network_allocations_total", help: "Servers that got their ports.")
        releases = registry.counter("nova_network_releases_total", help: "Servers whose ports were freed.")
        failures = registry.counter("nova_network_allocation_failures_total", help: "Servers that got no ports.")
        allocationTime = registry.histogram(
            "nova_network_allocation_seconds", help: "Time to make the ports of a server, leases included.")
        leaseWrites = registry.counter(
            "nova_network_lease_writes_total", help: "Times that a network's leases were written.")
    }
}
