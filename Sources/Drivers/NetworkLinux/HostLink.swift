import NetworkDriver

/// A network device as `ip -o link show` prints it.
struct HostLink: Equatable {
    var name: String
    /// Empty when the device has none.
    var alias: String
    /// The bridge that the device is a port of.
    var master: String?

    /// Reads the lines; what is no line of a link is left out.
    static func parse(_ text: String) -> [HostLink] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 2, words[0].last == ":", words[1].last == ":" else { return nil }
            let name = words[1].dropLast().prefix { $0 != "@" }
            let alias = words.lastIndex(of: "alias").map { words[($0 + 1)...].joined(separator: " ") } ?? ""
            let master = words.firstIndex(of: "master").flatMap { $0 + 1 < words.count ? String(words[$0 + 1]) : nil }
            return HostLink(name: String(name), alias: alias, master: master)
        }
    }
}

/// An address of the host as `ip -o -4 address show` prints it.
struct HostAddress: Equatable {
    var device: String
    var address: IPv4Address
    var prefix: Int

    var range: IPv4Range? { IPv4Range(address, prefix: prefix) }

    /// Reads the lines; what is no line of an address is left out.
    static func parse(_ text: String) -> [HostAddress] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "inet"), at + 1 < words.count, words.count > 1 else { return nil }
            let parts = words[at + 1].split(separator: "/")
            guard let address = parts.first.flatMap({ IPv4Address($0) }) else { return nil }
            return HostAddress(
                device: String(words[1]), address: address, prefix: parts.count > 1 ? Int(parts[1]) ?? 32 : 32)
        }
    }
}
