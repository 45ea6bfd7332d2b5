import NovaWire
import Testing

/// Today's code understands what every earlier form of a message said.
@Suite("Frozen frames", .serialized)
struct FrozenFrameTests {
    @Test("the newest frame of each message is what the code writes")
    func newest() throws {
        if SourceTree.writes { try FrozenFrames.write() }
        let frames = try FrozenFrames()
        for message in Message.all {
            let newest = frames.of(message).last
            #expect(
                newest?.bytes == message.encoded,
                """
                \(FrozenFrames.path): \(message.name) \(newest == nil ? "has no frame" : "has changed"). If fields were \
                appended, \(SourceTree.advice)
                """)
        }
    }

    @Test("each frame decodes to the values that it was made of, and back to its bytes", arguments: Message.all)
    func values(_ message: Message) throws {
        for frame in try FrozenFrames().of(message) {
            let problem = message.problem(with: frame.bytes)
            #expect(problem == nil, "\(frame.line): fields are only appended: \(problem ?? "")")
        }
    }

    @Test("a form without the last fields is still understood, at each depth", arguments: Message.all)
    func earlierForm(_ message: Message) {
        #expect(message.problem(with: message.sample.older.encoded()) == nil)
    }

    @Test("a form that had its fields elsewhere is found out", arguments: Message.all)
    func otherForm(_ message: Message) {
        guard case .record(let fields) = message.sample, let first = fields.first, fields.count > 1 else { return }
        // As if the first field had been removed, and as if it had been inserted.
        #expect(message.problem(with: FieldTree.record(fields.dropFirst() + []).encoded()) != nil)
        #expect(message.problem(with: FieldTree.record([first] + fields).encoded()) != nil)
    }

    @Test("no frame belongs to a message that is gone")
    func strays() throws {
        let names = Set(Message.all.map(\.name))
        for frame in try FrozenFrames().frames {
            #expect(names.contains(frame.message), "\(frame.line): no such message; a number is never reused")
        }
    }
}

extension Message {
    /// What speaks against bytes being a form of this message that had fewer fields, else what it has now.
    fileprivate func problem(with bytes: [UInt8]) -> String? {
        do {
            let (known, problem) = try decode(bytes).known(to: sample, at: name)
            if let problem { return "\(problem) has another value" }
            // What the form did not have is left out: the rest is the same, byte for byte.
            return known.encoded() == bytes ? nil : "the bytes are others"
        } catch {
            return "\(error)"
        }
    }
}

extension FieldTree {
    /// The value without the fields at the end of each record that its sender did not know, and the first place where
    /// it differs from the sample.
    func known(to sample: FieldTree, at path: String) -> (FieldTree, String?) {
        switch (self, sample) {
        case (.optional(let tree?), .optional(let other?)):
            let (known, problem) = tree.known(to: other, at: path)
            return (.optional(known), problem)
        case (.list(let trees), .list(let others)) where trees.count == others.count:
            let parts = zip(trees, others).map { $0.known(to: $1, at: path) }
            return (.list(parts.map(\.0)), parts.lazy.compactMap(\.1).first)
        case (.record(let fields), .record(let others)): return Self.known(fields, to: others, at: path)
        default: return (self, encoded() == sample.encoded() ? nil : path)
        }
    }

    private static func known(_ fields: [Field], to others: [Field], at path: String) -> (FieldTree, String?) {
        var known: [Field] = []
        for (position, (field, other)) in zip(fields, others).enumerated() {
            if field.tree.encoded() != other.tree.encoded(), fields[position...].allSatisfy(\.isUnsent) { break }
            let (tree, problem) = field.tree.known(to: other.tree, at: "\(path).\(field.name)")
            if let problem { return (.record(known), problem) }
            known.append(Field(name: field.name, tree: tree, fallback: field.fallback))
        }
        return (.record(known), nil)
    }
}

extension FieldTree.Field {
    /// Whether it holds what a reader takes when nothing was sent.
    fileprivate var isUnsent: Bool { tree.encoded() == fallback?.encoded() }
}
