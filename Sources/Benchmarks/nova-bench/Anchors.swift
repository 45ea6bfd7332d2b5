import Glibc

/// The programs that we are measured against, built by `tools/bench.d/anchors` into one folder.
struct Anchors {
    private let folder: String?

    init(folder: String?) { self.folder = folder }

    /// Tells the reader of the figures what stands behind one of them.
    func note(_ text: String) {
        let line = "note: \(text)\n"
        write(STDERR_FILENO, line, line.utf8.count)
    }

    /// Encode and decode of the build request by the hand-written codec, in nanoseconds; nil without the program.
    func codecNanoseconds() -> Double? {
        guard let output = output(of: "codec-anchor", "") else { return nil }
        let parts = output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        return parts.count == 2 ? parts[0] + parts[1] : nil
    }

    /// The median round trip of 256 bytes through a broker in C, each party a process, in microseconds.
    func callMicroseconds(_ count: Int) -> Double? {
        guard let output = output(of: "zb", "one \(count)") else { return nil }
        for line in output.split(separator: "\n") where line.hasPrefix("broker-hop tcp") {
            guard let start = line.range(of: "p50=") else { continue }
            return Double(line[start...].drop { $0 == " " }.prefix { $0.isNumber || $0 == "." })
        }
        return nil
    }

    private func output(of program: String, _ arguments: String) -> String? {
        guard let folder else { return nil }
        let path = "\(folder)/\(program)"
        guard access(path, X_OK) == 0, !path.contains("'") else { return nil }
        guard let pipe = popen("timeout 120 '\(path)' \(arguments)", "r") else { return nil }
        defer { pclose(pipe) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while text.count < 1 << 20 {
            let count = fread(&buffer, 1, buffer.count, pipe)
            guard count > 0 else { break }
            text += buffer.prefix(count)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Substring {
    /// What follows the first place of a text.
    fileprivate func range(of text: String) -> Index? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(text) { return index(at, offsetBy: text.count) }
            at = index(after: at)
        }
        return nil
    }
}
