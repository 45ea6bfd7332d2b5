/// Finds what somebody meant who mistyped a name.
public enum Suggestion {
    /// The candidate nearest to a word, when it is near enough to be meant.
    ///
    /// Near enough is a third of the word's length, at least one and at most four edits.
    public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let limit = min(4, max(1, word.count / 3))
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(word, candidate)
            guard distance <= limit else { continue }
            if let known = best, (known.distance, known.name) <= (distance, candidate) { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// The number of insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
    public static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.utf8)
        let b = Array(b.utf8)
        var older = [Int](repeating: 0, count: b.count + 1)
        var old = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1] + old.dropFirst()
            for j in 0..<b.count {
                let replaced = old[j] + (a[i] == b[j] ? 0 : 1)
                row[j + 1] = min(replaced, old[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { row[j + 1] = min(row[j + 1], older[j - 1] + 1) }
            }
            older = old
            old = row
        }
        return old[b.count]
    }
}
