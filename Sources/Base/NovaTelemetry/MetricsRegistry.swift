import Synchronization

/// The metrics of a process, shown as Prometheus text.
///
/// Asking twice for the same name and labels gives the same handle; keep handles where a path is hot. A name keeps the
/// kind of its first use, and has at most ``seriesLimit`` label sets: what goes beyond works but is not shown, and
/// `nova_metrics_dropped_total` counts it.
public final class MetricsRegistry: Sendable {
    /// The registry of this process.
    public static let shared = MetricsRegistry()
    /// The largest number of label sets of one name.
    public static let seriesLimit = 2000

    private struct State {
        var families: [String: MetricFamily] = [:]
        var collectors: [@Sendable () -> Void] = []
        var sources: [@Sendable () -> [MetricSnapshot]] = []
    }
    private let state = Mutex(State())
    private let dropped: Counter

    /// A registry of its own, for tests; programs use ``shared``.
    public init() {
        dropped = Counter()
        let name = "nova_metrics_dropped_total"
        var family = MetricFamily(name: name, help: "Requests for metric series that are not shown.", kind: "counter")
        family.series[""] = .counter(dropped)
        state.withLock { [family] in $0.families[name] = family }
    }

    /// The counter of a name and labels, made at first use.
    ///
    /// Its name should end in `_total`.
    public func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
        let series = series(name, help, "counter", labels) { .counter(Counter()) }
        guard case .counter(let counter) = series else { return Counter() }
        return counter
    }

    /// The gauge of a name and labels, made at first use.
    public func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
        let series = series(name, help, "gauge", labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = series else { return Gauge() }
        return gauge
    }

    /// The histogram of a name and labels, made at first use with these bounds.
    public func histogram(
        _ name: String, help: String, labels: [String: String] = [:], bounds: [Double] = Histogram.timeBounds
    ) -> Histogram {
        let series = series(name, help, "histogram", labels) { .histogram(Histogram(bounds: bounds)) }
        guard case .histogram(let histogram) = series else { return Histogram(bounds: bounds) }
        return histogram
    }

    /// Registers work that brings gauges up to date right before each rendering.
    ///
    /// It must not block.
    public func onRender(_ collect: @escaping @Sendable () -> Void) {
        state.withLock { $0.collectors.append(collect) }
    }

    /// Registers a part of the program that keeps its own figures; it is asked at each rendering and must not block.
    ///
    /// Its names must not be those of others.
    public func addSource(_ source: @escaping @Sendable () -> [MetricSnapshot]) {
        state.withLock { $0.sources.append(source) }
    }

    /// Everything in the Prometheus text format: what is kept here by name, then what the sources tell.
    public func render() -> String {
        let (collectors, sources) = state.withLock { ($0.collectors, $0.sources) }
        for collect in collectors { collect() }
        let families = state.withLock { $0.families.values.sorted { $0.name < $1.name } }
        var text = ""
        for family in families { family.render(into: &text) }
        for snapshot in sources.flatMap({ $0() }) { snapshot.render(into: &text) }
        return text
    }

    private func series(
        _ name: String, _ help: String, _ kind: String, _ labels: [String: String], make: () -> MetricFamily.Series
    ) -> MetricFamily.Series? {
        let name = MetricFamily.validName(name)
        let key = MetricFamily.rendered(labels)
        let found: MetricFamily.Series? = state.withLock { state in
            var family = state.families[name] ?? MetricFamily(name: name, help: help, kind: kind)
            guard family.kind == kind else { return nil }
            if let known = family.series[key] { return known }
            guard family.series.count < Self.seriesLimit else { return nil }
            let new = make()
            family.series[key] = new
            state.families[name] = family
            return new
        }
        if found == nil { dropped.inc() }
        return found
    }
}
