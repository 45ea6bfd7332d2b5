/// All series of one metric name.
struct MetricFamily: Sendable {
    enum Series: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    let name: String
    let help: String
    let kind: String
    /// By rendered labels: `method="GET",code="200"`.
    var series: [String: Series] = [:]

    /// Appends the family in the Prometheus text format 0.0.4.
    func render(into text: inout String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
        for (labels, series) in series.sorted(by: { $0.key < $1.key }) {
            switch series {
            case .counter(let counter): Self.sample(name, labels, String(counter.value), into: &text)
            case .gauge(let gauge): Self.sample(name, labels, Self.number(gauge.value), into: &text)
            case .histogram(let histogram): Self.render(histogram, name, labels, into: &text)
            }
        }
    }

    private static func render(_ histogram: Histogram, _ name: String, _ labels: String, into text: inout String) {
        let observed = histogram.observations
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: Int64 = 0
        for (index, count) in observed.counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
            sample("\(name)_bucket", "\(prefix)le=\"\(bound)\"", String(total), into: &text)
        }
        sample("\(name)_sum", labels, number(observed.sum), into: &text)
        sample("\(name)_count", labels, String(total), into: &text)
    }

    private static func sample(_ name: String, _ labels: String, _ value: String, into text: inout String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    /// Labels in the order of their names, values escaped.
    static func rendered(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }
            .map { "\(validName($0.key))=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
    }

    /// The name with every character that the format does not allow replaced by `_`.
    static func validName(_ name: String) -> String {
        var bytes = name.utf8.map { byte -> UInt8 in
            switch byte {
            case 48...57, 65...90, 97...122, 95: byte
            default: 95
            }
        }
        if bytes.first.map({ (48...57).contains($0) }) ?? true { bytes.insert(95, at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
