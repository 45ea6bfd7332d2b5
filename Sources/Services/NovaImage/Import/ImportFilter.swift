import Glibc
import NovaConfig
import NovaCore

/// Which URIs `web-download` may fetch: the operator's lists, and no address of the cloud's own networks.
struct ImportFilter: Sendable {
    var schemes: Set<String> = ["http", "https"]
    /// The only hosts, wherever they are; empty means any at a public address.
    var hosts: Set<String> = []
    var refusedHosts: Set<String> = []
    var ports: Set<Int> = [80, 443]

    /// A URI in parts.
    struct Target: Sendable, Equatable {
        let scheme: String
        /// Without brackets.
        let host: String
        let port: Int
    }

    /// The parts of a URI that the lists let pass.
    ///
    /// - Throws: ``NovaError`` `badRequest`.
    func target(_ uri: String) throws -> Target {
        guard let target = Self.parse(uri), schemes.contains(target.scheme), ports.contains(target.port),
            hosts.isEmpty || hosts.contains(target.host), !refusedHosts.contains(target.host),
            !hosts.isEmpty || NetworkAddress(target.host)?.isPublic ?? true
        else { throw Self.refusal(uri) }
        return target
    }

    /// The address to connect to; what the name leads to later changes nothing.
    ///
    /// Asks the name servers: blocks.
    /// - Throws: ``NovaError`` `badRequest` for an address that is not public, `unavailable` for an unknown name.
    func address(of target: Target) throws -> String {
        let addresses = try Self.resolve(target.host)
        // One address that is not public is enough to refuse: no name of a public server has such.
        if hosts.isEmpty, !addresses.allSatisfy(\.isPublic) {
            throw NovaError(.badRequest, "The host of the image's URI is not at a public address.")
        }
        // Servers that have both are reached from more places by version 4.
        guard let chosen = addresses.first(where: { $0.bytes.count == 4 }) ?? addresses.first else {
            throw Self.unknown
        }
        return chosen.description
    }

    static func refusal(_ uri: String) -> NovaError {
        let shown = String(uri.unicodeScalars.prefix(200).map { $0.value > 32 && $0.value < 127 ? Character($0) : "?" })
        return NovaError(.badRequest, "URI for web-download does not pass filtering: \(shown)")
    }

    private static var unknown: NovaError { NovaError(.unavailable, "The host of the image's URI is not known.") }

    /// The parts of an absolute URI; nil for what has a user, a fragment or odd characters.
    static func parse(_ uri: String) -> Target? {
        guard uri.utf8.count <= 2048, uri.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "\\") }),
            !uri.contains("#"), let colon = uri.firstRange(of: "://")
        else { return nil }
        let scheme = uri[..<colon.lowerBound].lowercased()
        let authority = uri[colon.upperBound...].prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { return nil }
        let host: Substring
        var rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[..<end].dropFirst()
            rest = authority[authority.index(after: end)...]
            guard NetworkAddress(String(host)) != nil else { return nil }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
            guard host.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || isAlphanumeric($0) })
            else { return nil }
        }
        var port = scheme == "https" ? 443 : 80
        if !rest.isEmpty {
            rest = rest.dropFirst()
            guard rest.utf8.count <= 5, rest.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(rest) else {
                return nil
            }
            port = number
        }
        guard !host.isEmpty, host.utf8.count <= 253, (1...65_535).contains(port) else { return nil }
        return Target(scheme: scheme, host: host.lowercased(), port: port)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func resolve(_ host: String) throws -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { throw unknown }
        defer { freeaddrinfo(list) }
        var addresses: [NetworkAddress] = []
        var next = list
        while let entry = next, addresses.count < 64 {
            if let address = entry.pointee.ai_addr.flatMap({ NetworkAddress($0) }) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}

extension ImportFilter {
    /// The lists of the operator.
    init(_ config: Configuration) {
        schemes = Set(config[ImageOptions.importSchemes].map { $0.lowercased() })
        hosts = Set(config[ImageOptions.importHosts].map { $0.lowercased() })
        refusedHosts = Set(config[ImageOptions.importRefusedHosts].map { $0.lowercased() })
        ports = Set(config[ImageOptions.importPorts].compactMap { Int($0) })
    }
}
