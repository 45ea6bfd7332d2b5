import NovaCore

/// `proto-spec/wire/vectors/records-1.txt`: every form that a message ever had, one `name hex` a line.
///
/// Lines are only ever added. A message whose fields grew has a second line, `name/2`, and the first one stays.
struct FrozenFrames {
    static let path = "proto-spec/wire/vectors/records-1.txt"
    private static let head = """
        # name hex: each message with every field filled (Tests/Unit/NovaInterfacesTests/Sampler.swift); name/2 is its
        # second form. Lines are only added, never changed: they are what older daemons send.

        """

    struct Frame {
        /// Without the number of the form.
        var message: String
        var line: String
        var bytes: [UInt8]
    }

    private(set) var frames: [Frame] = []

    init() throws {
        for line in (SourceTree.read(Self.path) ?? "").split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let bytes = Hex.decode(parts[1]) else {
                throw NovaError(.malformed, "\(Self.path): not a name and hex: \(line.prefix(60))")
            }
            let name = parts[0].prefix { $0 != "/" }
            frames.append(Frame(message: String(name), line: String(parts[0]), bytes: bytes))
        }
    }

    /// A message's frames, oldest first.
    func of(_ message: Message) -> [Frame] { frames.filter { $0.message == message.name } }

    /// Adds a line for each message whose newest form has none.
    static func write() throws {
        var text = SourceTree.read(path) ?? head
        let known = try FrozenFrames()
        for message in Message.all {
            let former = known.of(message)
            guard former.last?.bytes != message.encoded else { continue }
            let form = former.isEmpty ? "" : "/\(former.count + 1)"
            text += "\(message.name)\(form) \(Hex.encode(message.encoded))\n"
        }
        try SourceTree.write(text, to: path)
    }
}
