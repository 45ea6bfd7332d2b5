import NovaTelemetry
import Testing

@Suite struct MetricsRegistryTests {
    @Test func rendersCountersAndGauges() {
        let registry = MetricsRegistry()
        let requests = registry.counter(
            "http_requests_total", help: "Requests.", labels: ["method": "GET", "code": "200"])
        requests.inc()
        requests.inc(by: 2)
        requests.inc(by: -5)
        registry.gauge("free_places", help: "Free\nplaces.").set(1.5)
        let text = registry.render()
        #expect(
            text.contains(
                """
                # HELP free_places Free\\nplaces.
                # TYPE free_places gauge
                free_places 1.5
                # HELP http_requests_total Requests.
                # TYPE http_requests_total counter
                http_requests_total{code="200",method="GET"} 3

                """))
    }

    @Test func rendersHistogramsCumulatively() {
        let registry = MetricsRegistry()
        let times = registry.histogram("t_seconds", help: "T.", labels: ["op": "x"], bounds: [0.1, 1])
        times.observe(0.05)
        times.observe(0.1)
        times.observe(.milliseconds(500))
        times.observe(7)
        times.observe(.nan)
        let text = registry.render()
        #expect(
            text.contains(
                """
                # TYPE t_seconds histogram
                t_seconds_bucket{op="x",le="0.1"} 2
                t_seconds_bucket{op="x",le="1"} 3
                t_seconds_bucket{op="x",le="+Inf"} 4
                t_seconds_sum{op="x"} 7.65
                t_seconds_count{op="x"} 4

                """))
    }

    @Test func rendersSources() {
        let registry = MetricsRegistry()
        registry.addSource {
            var queues = MetricSnapshot(.gauge, "ready", help: "Ready.")
            queues.add(2, labels: ["queue": "b"])
            queues.add(0.5, labels: ["queue": "a\"b"])
            var times = MetricSnapshot(.histogram, "waiting_seconds", help: "W.")
            times.add(bounds: [0.1, 1], counts: [1, 0, 2], sum: 9.5, labels: ["m": "x"])
            times.add(bounds: [0.1], counts: [], sum: 0, labels: ["m": "y"])
            return [queues, times, MetricSnapshot(.counter, "none_total", help: "N.")]
        }
        let text = registry.render()
        #expect(
            text.hasSuffix(
                """
                # HELP ready Ready.
                # TYPE ready gauge
                ready{queue="a\\"b"} 0.5
                ready{queue="b"} 2
                # HELP waiting_seconds W.
                # TYPE waiting_seconds histogram
                waiting_seconds_bucket{m="x",le="0.1"} 1
                waiting_seconds_bucket{m="x",le="1"} 1
                waiting_seconds_bucket{m="x",le="+Inf"} 3
                waiting_seconds_sum{m="x"} 9.5
                waiting_seconds_count{m="x"} 3
                waiting_seconds_bucket{m="y",le="0.1"} 0
                waiting_seconds_bucket{m="y",le="+Inf"} 0
                waiting_seconds_sum{m="y"} 0
                waiting_seconds_count{m="y"} 0

                """))
        #expect(!text.contains("none_total"))
    }

    @Test func givesTheSameHandleAgain() {
        let registry = MetricsRegistry()
        registry.counter("a_total", help: "A.").inc()
        registry.counter("a_total", help: "A.").inc()
        #expect(registry.counter("a_total", help: "A.").value == 2)
        #expect(registry.counter("a_total", help: "A.", labels: ["x": "y"]).value == 0)
    }

    @Test func escapesLabelsAndNames() {
        let registry = MetricsRegistry()
        registry.counter("1bad-name", help: "B.", labels: ["path": "a\"b\\c\nd"]).inc()
        #expect(registry.render().contains("_1bad_name{path=\"a\\\"b\\\\c\\nd\"} 1\n"))
    }

    @Test func dropsAnotherKindAndTooManySeries() {
        let registry = MetricsRegistry()
        registry.counter("a", help: "A.").inc()
        registry.gauge("a", help: "A.").set(5)
        for index in 0..<(MetricsRegistry.seriesLimit + 3) {
            registry.counter("many", help: "M.", labels: ["i": "\(index)"]).inc()
        }
        let text = registry.render()
        #expect(text.contains("\na 1\n"))
        #expect(text.contains("nova_metrics_dropped_total 4\n"))
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("many{") }.count == MetricsRegistry.seriesLimit)
    }

    @Test func countsExactlyFromManyTasks() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        registry.counter("c_total", help: "C.").inc()
                        registry.gauge("g", help: "G.").inc()
                    }
                }
            }
        }
        #expect(registry.counter("c_total", help: "C.").value == 8000)
        #expect(registry.gauge("g", help: "G.").value == 8000)
    }

    @Test func knowsTheProcess() {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry)
        _ = registry.render()
        #expect(registry.gauge("process_resident_memory_bytes", help: "").value > 1_000_000)
        #expect(registry.gauge("process_open_fds", help: "").value >= 3)
        #expect(registry.gauge("process_cpu_seconds_total", help: "").value > 0)
        #expect(registry.gauge("process_start_time_seconds", help: "").value > 1_600_000_000)
    }
}
