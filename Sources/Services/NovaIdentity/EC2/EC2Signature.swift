import NovaCore
import NovaCrypto
import NovaSchema

/// A request that a client of EC2 signed, as a service hands it to `/v3/ec2tokens`.
struct EC2SignedRequest: Sendable {
    let access: String
    private let signature: String
    private let verb: String
    private let host: String
    private let path: String
    private let parameters: [String: String]
    /// By lower-case name.
    private let headers: [String: String]
    private let bodyHash: String

    /// - Throws: ``NovaError`` `badRequest` when it is not complete.
    init(_ body: JSONValue) throws {
        guard let value = body["credentials"] ?? body["credential"] ?? body["ec2Credentials"],
            let access = value["access"]?.stringValue
        else { throw NovaError(.badRequest, "EC2 credentials were not supplied.") }
        self.access = access
        signature = value["signature"]?.stringValue ?? ""
        verb = value["verb"]?.stringValue ?? "GET"
        host = value["host"]?.stringValue ?? ""
        path = value["path"]?.stringValue ?? "/"
        bodyHash = value["body_hash"]?.stringValue ?? ""
        func texts(_ value: JSONValue?) -> [String: String] {
            var texts: [String: String] = [:]
            for (name, value) in value?.objectValue ?? [:] {
                texts[name] = value.stringValue ?? (value.isNull ? "" : value.text)
            }
            return texts
        }
        parameters = texts(value["params"])
        headers = Dictionary(
            texts(value["headers"]).map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Throws `unauthorized` unless the signature is right and, when the request tells its time, young enough.
    func check(secret: Secret<String>, lifetime: Int64, now: Timestamp = .now()) throws {
        let refusal = NovaError(.unauthorized, "EC2 signature not supplied or not valid.")
        guard !signature.isEmpty else { throw refusal }
        let key = Array(secret.reveal().utf8)
        // Clients differ in whether the port is part of the host that they sign.
        let bare = host.split(separator: ":").first.map(String.init) ?? host
        let isRight = [host, bare].contains { host in
            guard let expected = self.expected(key, host: host) else { return false }
            return ConstantTime.equal(expected, signature)
        }
        guard isRight else { throw refusal }
        guard let time = parameters["Timestamp"] ?? amazonDate else { return }
        guard let signed = Self.time(time),
            abs(signed.microseconds / 1_000_000 - now.microseconds / 1_000_000) <= lifetime
        else { throw NovaError(.unauthorized, "The timestamp of the request is not valid or too old.") }
    }

    private var amazonDate: String? { headers["x-amz-date"] ?? parameters["X-Amz-Date"] }

    private func expected(_ key: [UInt8], host: String) -> String? {
        switch parameters["SignatureVersion"] {
        case "0":
            guard let action = parameters["Action"], let time = parameters["Timestamp"] else { return nil }
            return Self.base64(HashAlgorithm.sha1.authenticationCode(of: Array((action + time).utf8), key: key))
        case "1":
            let text = parameters.sorted { $0.key.lowercased() < $1.key.lowercased() }.map { $0.key + $0.value }
            return Self.base64(HashAlgorithm.sha1.authenticationCode(of: Array(text.joined().utf8), key: key))
        case "2":
            var signed = parameters
            signed["SignatureMethod"] = "HmacSHA256"
            let text = "\(verb)\n\(host)\n\(path)\n\(Self.query(signed))"
            return Self.base64(HashAlgorithm.sha256.authenticationCode(of: Array(text.utf8), key: key))
        case nil: return version4(key)
        default: return nil
        }
    }

    /// AWS signature version 4, in the header `Authorization` or in the query.
    private func version4(_ key: [UInt8]) -> String? {
        guard let credential = part("Credential"), let signedHeaders = part("SignedHeaders"), let date = amazonDate
        else { return nil }
        let scope = credential.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard scope.count == 4, let day = scope.first, date.hasPrefix(day), !day.isEmpty else { return nil }
        let lines = signedHeaders.split(separator: ";").compactMap { name -> String? in
            guard let value = headers[name.lowercased()] else { return nil }
            return "\(name):\(Self.trimmed(value))"
        }
        let query = verb.uppercased() == "POST" ? "" : Self.query(parameters.filter { $0.key != "X-Amz-Signature" })
        let canonical =
            "\(verb.uppercased())\n\(path)\n\(query)\n\(lines.joined(separator: "\n"))\n\n\(signedHeaders)\n\(bodyHash)"
        let digest = Hex.encode(HashAlgorithm.sha256.digest(Array(canonical.utf8)))
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope.joined(separator: "/"))\n\(digest)"
        var signing = Array("AWS4".utf8) + key
        for part in scope { signing = HashAlgorithm.sha256.authenticationCode(of: Array(part.utf8), key: signing) }
        return Hex.encode(HashAlgorithm.sha256.authenticationCode(of: Array(text.utf8), key: signing))
    }

    /// A part of the header `Authorization` (`Credential=…, SignedHeaders=…`), or the query's in its place.
    private func part(_ name: String) -> String? {
        if let header = headers["authorization"] {
            guard header.hasPrefix("AWS4-HMAC-SHA256"), let range = header.firstRange(of: "\(name)=") else {
                return nil
            }
            return String(header[range.upperBound...].prefix { $0 != "," })
        }
        guard parameters["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256" else { return nil }
        return parameters["X-Amz-\(name)"]
    }

    private static func query(_ parameters: [String: String]) -> String {
        parameters.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
            .map { "\(ListPage.escaped($0.key))=\(ListPage.escaped($0.value))" }.joined(separator: "&")
    }

    private static func trimmed(_ text: String) -> Substring {
        var rest = text.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }

    private static func base64(_ bytes: [UInt8]) -> String { Base64.encode(bytes) }

    /// `2026-01-31T12:00:00Z`, or `20260131T120000Z` as Amazon's newer signatures write it.
    private static func time(_ text: String) -> Timestamp? {
        if let time = Timestamp(iso8601: text) { return time }
        let digits = Array(text.utf8)
        guard digits.count == 16, digits[8] == UInt8(ascii: "T"), digits[15] == UInt8(ascii: "Z") else { return nil }
        let parts = [(0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15)].map {
            String(decoding: digits[$0.0..<$0.1], as: UTF8.self)
        }
        return Timestamp(iso8601: "\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5])Z")
    }
}
