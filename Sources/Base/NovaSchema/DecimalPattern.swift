/// The regular expression of the decimal texts whose number lies within bounds: what a published schema says of integers
/// that may also be sent as strings.
///
/// A sign and zeros in front are allowed.
struct DecimalPattern {
    let minimum: Int64?
    let maximum: Int64?

    var text: String {
        guard minimum != nil || maximum != nil else { return "^-?[0-9]+$" }
        var alternatives: [String] = []
        let (low, high) = (minimum ?? .min, maximum ?? .max)
        if low <= 0, high >= 0 { alternatives.append("-?0+") }
        if high > 0 {
            let most = maximum.map { UInt64($0) }
            alternatives.append("0*\(Self.magnitudes(from: UInt64(max(low, 1)), to: most))")
        }
        if low < 0 {
            let most = minimum.map(\.magnitude)
            alternatives.append("-0*\(Self.magnitudes(from: min(high, -1).magnitude, to: most))")
        }
        return "^(?:\(alternatives.joined(separator: "|")))$"
    }

    /// Numbers without zeros in front, from at least 1 to `to`, or to whatever is longer.
    private static func magnitudes(from: UInt64, to: UInt64?) -> String {
        let first = Array(String(from).utf8)
        let last = Array(String(to ?? from).utf8)
        var alternatives: [String] = []
        // Lengths whose numbers are all in: 1000 to 9999.
        var whole: ClosedRange<Int>?
        for length in first.count...max(last.count, first.count) {
            let lowest = length == first.count ? first : [49] + Array(repeating: 48, count: length - 1)
            let highest = to != nil && length == last.count ? last : Array(repeating: 57, count: length)
            if lowest.first == 49, lowest.dropFirst().allSatisfy({ $0 == 48 }), highest.allSatisfy({ $0 == 57 }) {
                whole = (whole?.lowerBound ?? length)...length
            } else {
                alternatives.append(between(lowest[...], highest[...]))
            }
        }
        if let whole {
            let top = to == nil ? "" : "\(whole.upperBound - 1)"
            alternatives.append("[1-9][0-9]{\(whole.lowerBound - 1),\(top)}")
        } else if to == nil {
            alternatives.append("[1-9][0-9]{\(first.count),}")
        }
        return alternatives.count == 1 ? alternatives[0] : "(?:\(alternatives.joined(separator: "|")))"
    }

    /// Numbers of one length, digit by digit.
    private static func between(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>) -> String {
        guard let a = low.first, let b = high.first else { return "" }
        let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
        if a == b { return "\(a - 48)\(between(lowRest, highRest))" }
        let isLowest = lowRest.allSatisfy { $0 == 48 }
        let isHighest = highRest.allSatisfy { $0 == 57 }
        var alternatives: [String] = []
        if !isLowest { alternatives.append("\(a - 48)\(between(lowRest, lowRest.map { _ in 57 }[...]))") }
        let (from, to) = (isLowest ? a : a + 1, isHighest ? b : b - 1)
        if from <= to { alternatives.append(digits(from, to) + any(lowRest.count)) }
        if !isHighest { alternatives.append("\(b - 48)\(between(highRest.map { _ in 48 }[...], highRest))") }
        return alternatives.count == 1 ? alternatives[0] : "(?:\(alternatives.joined(separator: "|")))"
    }

    private static func digits(_ from: UInt8, _ to: UInt8) -> String {
        from == to ? "\(from - 48)" : "[\(from - 48)-\(to - 48)]"
    }

    private static func any(_ count: Int) -> String {
        switch count {
        case 0: ""
        case 1: "[0-9]"
        default: "[0-9]{\(count)}"
        }
    }
}
