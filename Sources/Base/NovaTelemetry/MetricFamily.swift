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
        Self.head(name, help, kind, into: &text)
        for (labels, series) in series.sorted(by: { $0.key < $1.key }) {
            switch series {
            case .counter(let counter): Self.sample(name, labels, String(counter.value), into: &text)
            case .gauge(let gauge): Self.sample(name, labels, Self.number(gauge.value), into: &text)
            case .histogram(let histogram):
                let observed = histogram.observations
                Self.render(
                    bounds: histogram.bounds, counts: observed.counts, sum: observed.sum, name, labels, into: &text)
            }
        }
    }

    /// The two lines above the series of a name.
    static func head(_ name: String, _ help: String, _ kind: String, into text: inout String) {
        text += "# HELP \(name) \(escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
    }

    /// The lines of one histogram; the counts are not cumulative, and the last is for all above the bounds.
    static func render(
        bounds: [Double], counts: [Int64], sum: Double, _ name: String, _ labels: String, into text: inout String
    ) {
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: Int64 = 0
        for index in 0...bounds.count {
            if counts.indices.contains(index) { total += counts[index] }
            let bound = index < bounds.count ? number(bounds[index]) : "+Inf"
            sample("\(name)_bucket", "\(prefix)le=\"\(bound)\"", String(total), into: &text)
        }
        sample("\(name)_sum", labels, number(sum), into: &text)
        sample("\(name)_count", labels, String(total), into: &text)
    }

    /// One line.
    static func sample(_ name: String, _ labels: String, _ value: String, into text: inout String) {
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
