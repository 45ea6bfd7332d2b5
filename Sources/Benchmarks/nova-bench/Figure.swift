/// One measured figure.
struct Figure {
    let name: String
    /// Nil when it was not measured.
    let value: Double?
    let unit: String

    init(_ name: String, _ value: Double?, _ unit: String) {
        self.name = name
        self.value = value
        self.unit = unit
    }

    /// Three decimals at most; "null" for what was not measured.
    private var text: String {
        guard let value, value.isFinite else { return "null" }
        return "\((value * 1_000).rounded() / 1_000)"
    }

    /// One flat object.
    static func json(_ figures: [Figure]) -> String {
        "{\(figures.map { "\"\($0.name)\": \($0.text)" }.joined(separator: ", "))}"
    }

    /// One line for each figure.
    static func table(_ figures: [Figure]) -> String {
        let width = figures.map(\.name.count).max() ?? 0
        return figures.map { figure in
            let name = figure.name + String(repeating: " ", count: width - figure.name.count)
            return "\(name)  \(figure.value == nil ? "not measured" : figure.text) \(figure.unit)"
        }.joined(separator: "\n")
    }
}
