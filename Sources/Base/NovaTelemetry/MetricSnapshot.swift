/// All series of one metric name, as a part of the program that keeps its own figures tells them.
///
/// For figures that come and go, such as those of queues and peers: what is told no longer is shown no longer.
public struct MetricSnapshot: Sendable {
    /// What kind of numbers they are.
    public enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    let name: String
    private let help: String
    private let kind: Kind
    private var samples: [(labels: String, text: String)] = []

    public init(_ kind: Kind, _ name: String, help: String) {
        self.kind = kind
        self.name = MetricFamily.validName(name)
        self.help = help
    }

    /// Adds a series of a counter or a gauge.
    public mutating func add(_ value: Double, labels: [String: String] = [:]) {
        let labels = MetricFamily.rendered(labels)
        var text = ""
        MetricFamily.sample(name, labels, MetricFamily.number(value), into: &text)
        samples.append((labels, text))
    }

    /// Adds a series of a histogram.
    ///
    /// - Parameters:
    ///   - counts: observations per bucket, not cumulative; the last one is for all above the bounds.
    ///   - sum: of all observations, in the unit of the bounds.
    public mutating func add(bounds: [Double], counts: [Int64], sum: Double, labels: [String: String]) {
        let labels = MetricFamily.rendered(labels)
        var text = ""
        MetricFamily.render(bounds: bounds, counts: counts, sum: sum, name, labels, into: &text)
        samples.append((labels, text))
    }

    /// Appends the series in the Prometheus text format 0.0.4; nothing when there are none.
    func render(into text: inout String) {
        guard !samples.isEmpty else { return }
        MetricFamily.head(name, help, kind.rawValue, into: &text)
        for sample in samples.sorted(by: { $0.labels < $1.labels }) { text += sample.text }
    }
}
