import Glibc
import NovaCore

/// What a fence agent reads for one host: `action=off`, and the lines of the host's file.
struct FenceArguments: Equatable {
    private static let limit = 64 << 10

    let lines: [String]

    var input: [UInt8] { Array((["action=off"] + lines).map { "\($0)\n" }.joined().utf8) }

    /// - Throws: ``NovaError`` `preconditionFailed` that names the file and the line.
    init(_ text: String, for host: String, path: String) throws {
        lines = try text.split(whereSeparator: \.isNewline).compactMap { line in
            let line = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard !line.isEmpty, !line.hasPrefix("#") else { return nil }
            let key = line.prefix { $0 != "=" }.filter { $0 != " " }
            // Only a host that is off runs no guests: one that was switched on again does.
            guard line.contains("="), !key.isEmpty, !["action", "option", "o"].contains(key) else {
                throw NovaError(
                    .preconditionFailed, "The options of the fence agent in \(path) are wrong.",
                    details: "a line is no key=value, or names another action than off")
            }
            return Self.put(host, into: line)
        }
    }

    /// The options of a host.
    static func load(_ folder: String, for host: String) throws -> FenceArguments {
        // Names come from the hosts themselves: none may lead to another file, or to another line.
        let isPlain = host.utf8.allSatisfy { byte in
            byte < 128 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
                || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
        }
        guard isPlain, !host.isEmpty, !host.hasPrefix(".") else {
            throw NovaError(.badRequest, "A host of this name cannot be given to a fence agent.", details: host)
        }
        guard !folder.isEmpty else { return try FenceArguments("plug={host}", for: host, path: "") }
        for path in ["\(folder)/\(host)", "\(folder)/default"] {
            if let text = try read(path) { return try FenceArguments(text, for: host, path: path) }
        }
        throw NovaError(
            .preconditionFailed, "There are no options of the fence agent for host \(host).",
            details: "no file \(folder)/\(host), and no \(folder)/default")
    }

    private static func put(_ host: String, into line: String) -> String {
        var rest = Substring(line)
        var result = ""
        while let place = rest.firstRange(of: "{host}") {
            result += rest[..<place.lowerBound] + host
            rest = rest[place.upperBound...]
        }
        return result + rest
    }

    /// A small file's text; nil when there is none.
    private static func read(_ path: String) throws -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT { return nil }
        defer { if descriptor >= 0 { close(descriptor) } }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = descriptor < 0 ? -1 : Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0, count < limit, let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            throw NovaError(
                .preconditionFailed, "The options of the fence agent in \(path) cannot be read.",
                details: descriptor < 0 ? String(cString: strerror(errno)) : "no text, or more than 64 KiB")
        }
        return text
    }
}
