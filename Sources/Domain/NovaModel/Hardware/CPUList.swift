/// Numbers of CPUs in the notation of Nova and libvirt: `0-3,^1,8`.
public enum CPUList {
    /// More CPUs than any host has.
    private static let limit = 8192

    /// The numbers of a text; nil for what is no such list, and for an empty one.
    public static func parse(_ text: String) -> Set<Int>? {
        var included: Set<Int> = []
        var excluded: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            var word = part.filter { !$0.isWhitespace }
            let isExcluded = word.hasPrefix("^")
            if isExcluded { word.removeFirst() }
            let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                (0..<limit).contains(first), (first..<limit).contains(last)
            else { return nil }
            if isExcluded { excluded.formUnion(first...last) } else { included.formUnion(first...last) }
        }
        included.subtract(excluded)
        return included.isEmpty ? nil : included
    }

    /// The text of some numbers, as short as it goes.
    public static func text(_ numbers: some Sequence<Int>) -> String {
        var runs: [ClosedRange<Int>] = []
        for number in Set(numbers).sorted() {
            if let last = runs.last, last.upperBound == number - 1 {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
