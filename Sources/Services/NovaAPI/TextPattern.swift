/// A regular expression that users send: matched in time that grows with text times pattern, whatever they wrote.
///
/// Letters, `.`, `^`, `$`, `|`, groups, classes, `* + ? {m,n}` and `\d \w \s`; no back references, no looking around.
struct TextPattern: Sendable {
    /// A set of characters.
    private struct Class: Sendable {
        var ranges: [ClosedRange<UInt32>] = []
        var isNegated = false

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            ranges.contains { $0.contains(scalar.value) } != isNegated
        }
    }
    private enum Step: Sendable {
        case one(Class)
        case start
        case end
        case split(Int, Int)
        case jump(Int)
        case match
    }
    private indirect enum Node {
        case empty
        case one(Class)
        case start
        case end
        case sequence([Node])
        case choice([Node])
        case repeated(Node, Int, Int?)
    }
    private static let sizeLimit = 4_000

    private var steps: [Step] = []

    /// Nil for what is no such expression, or one that would need too many steps.
    init?(_ text: String) {
        var parser = Parser(text)
        guard let node = parser.choice(depth: 0), parser.isAtEnd, emit(node) else { return nil }
        steps.append(.match)
    }

    /// Whether the expression fits anywhere in a text.
    func matches(_ text: String) -> Bool {
        var current: [Int] = []
        var next: [Int] = []
        var seen = [Int](repeating: -1, count: steps.count)
        let scalars = Array(text.unicodeScalars)
        for position in 0...scalars.count {
            // It may begin at any place.
            if add(0, to: &current, &seen, position, scalars.count) { return true }
            guard position < scalars.count else { return false }
            next.removeAll(keepingCapacity: true)
            for index in current {
                guard case .one(let set) = steps[index], set.contains(scalars[position]) else { continue }
                if add(index + 1, to: &next, &seen, position + 1, scalars.count) { return true }
            }
            swap(&current, &next)
        }
        return false
    }

    /// Adds a step with all that follow it without a character; answers whether the end is among them.
    private func add(_ first: Int, to list: inout [Int], _ seen: inout [Int], _ position: Int, _ count: Int) -> Bool {
        var open = [first]
        while let index = open.popLast() {
            guard seen[index] != position else { continue }
            seen[index] = position
            switch steps[index] {
            case .one: list.append(index)
            case .start: if position == 0 { open.append(index + 1) }
            case .end: if position == count { open.append(index + 1) }
            case .split(let a, let b): open += [b, a]
            case .jump(let target): open.append(target)
            case .match: return true
            }
        }
        return false
    }

    private mutating func emit(_ node: Node) -> Bool {
        guard steps.count < Self.sizeLimit else { return false }
        switch node {
        case .empty: return true
        case .one(let set): steps.append(.one(set))
        case .start: steps.append(.start)
        case .end: steps.append(.end)
        case .sequence(let nodes): for node in nodes { guard emit(node) else { return false } }
        case .choice(let nodes):
            var jumps: [Int] = []
            for node in nodes.dropLast() {
                let split = reserve()
                guard emit(node) else { return false }
                jumps.append(reserve())
                steps[split] = .split(split + 1, steps.count)
            }
            guard let last = nodes.last, emit(last) else { return false }
            for jump in jumps { steps[jump] = .jump(steps.count) }
        case .repeated(let node, let least, let most):
            for _ in 0..<least { guard emit(node) else { return false } }
            guard let most else {
                let split = reserve()
                guard emit(node) else { return false }
                steps.append(.jump(split))
                steps[split] = .split(split + 1, steps.count)
                return true
            }
            var splits: [Int] = []
            for _ in least..<most {
                splits.append(reserve())
                guard emit(node) else { return false }
            }
            for split in splits { steps[split] = .split(split + 1, steps.count) }
        }
        return true
    }

    private mutating func reserve() -> Int {
        steps.append(.match)
        return steps.count - 1
    }

    private struct Parser {
        private var rest: Substring.UnicodeScalarView

        init(_ text: String) { rest = text.unicodeScalars[...] }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func choice(depth: Int) -> Node? {
            guard depth < 32, let first = sequence(depth) else { return nil }
            var nodes = [first]
            while rest.first == "|" {
                rest.removeFirst()
                guard let next = sequence(depth) else { return nil }
                nodes.append(next)
            }
            return nodes.count == 1 ? first : .choice(nodes)
        }

        private mutating func sequence(_ depth: Int) -> Node? {
            var nodes: [Node] = []
            while let character = rest.first, character != "|", character != ")" {
                guard let node = atom(depth).flatMap({ repetition(of: $0) }) else { return nil }
                nodes.append(node)
            }
            return nodes.isEmpty ? .empty : .sequence(nodes)
        }

        private mutating func atom(_ depth: Int) -> Node? {
            let character = rest.removeFirst()
            switch character {
            case "^": return .start
            case "$": return .end
            case ".": return .one(Class(ranges: [10...10], isNegated: true))
            case "*", "+", "?": return nil
            case "[": return set()
            case "\\": return escape().map { .one($0) }
            case "(":
                if rest.first == "?" {
                    rest.removeFirst()
                    guard rest.popFirst() == ":" else { return nil }
                }
                guard let inner = choice(depth: depth + 1), rest.popFirst() == ")" else { return nil }
                return inner
            default: return .one(Class(ranges: [character.value...character.value]))
            }
        }

        private mutating func repetition(of node: Node) -> Node? {
            var node = node
            while let character = rest.first {
                switch character {
                case "*": node = .repeated(node, 0, nil)
                case "+": node = .repeated(node, 1, nil)
                case "?": node = .repeated(node, 0, 1)
                case "{":
                    guard let (least, most, length) = bounds() else { return node }
                    guard least <= 255, (most ?? least) <= 255, (most ?? least) >= least else { return nil }
                    rest.removeFirst(length - 1)
                    node = .repeated(node, least, most)
                default: return node
                }
                rest.removeFirst()
                // Whether it takes much or little makes no difference to whether it fits.
                if rest.first == "?" { rest.removeFirst() }
            }
            return node
        }

        /// `{m}`, `{m,}`, `{m,n}`: the bounds and how long the text is; nil for a brace that stands for itself.
        private func bounds() -> (Int, Int?, Int)? {
            guard let close = rest.firstIndex(of: "}") else { return nil }
            let inside = String(rest[rest.index(after: rest.startIndex)..<close])
            let length = inside.unicodeScalars.count + 2
            let parts = inside.split(separator: ",", omittingEmptySubsequences: false)
            guard let least = parts.first.flatMap({ $0.isEmpty && parts.count == 2 ? 0 : Int($0) }), least >= 0 else {
                return nil
            }
            if parts.count == 1 { return (least, least, length) }
            guard parts.count == 2 else { return nil }
            if parts[1].isEmpty { return (least, nil, length) }
            return Int(parts[1]).map { (least, $0, length) }
        }

        private mutating func escape() -> Class? {
            guard let character = rest.popFirst() else { return nil }
            switch character {
            case "d", "D": return Class(ranges: [48...57], isNegated: character == "D")
            case "w", "W":
                return Class(ranges: [48...57, 65...90, 95...95, 97...122], isNegated: character == "W")
            case "s", "S": return Class(ranges: [9...13, 32...32], isNegated: character == "S")
            case "n": return Class(ranges: [10...10])
            case "t": return Class(ranges: [9...9])
            default:
                guard !("a"..."z").contains(character), !("A"..."Z").contains(character),
                    !("0"..."9").contains(character)
                else { return nil }
                return Class(ranges: [character.value...character.value])
            }
        }

        private mutating func set() -> Node? {
            var result = Class()
            if rest.first == "^" {
                rest.removeFirst()
                result.isNegated = true
            }
            var isFirst = true
            while let character = rest.popFirst() {
                if character == "]", !isFirst { return .one(result) }
                isFirst = false
                if character == "\\" {
                    guard let inner = escape(), !inner.isNegated else { return nil }
                    result.ranges += inner.ranges
                } else if rest.first == "-", let last = rest.dropFirst().first, last != "]" {
                    rest.removeFirst(2)
                    guard character.value <= last.value else { return nil }
                    result.ranges.append(character.value...last.value)
                } else {
                    result.ranges.append(character.value...character.value)
                }
            }
            return nil
        }
    }
}
