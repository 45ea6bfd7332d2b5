import NovaCore

/// The microversions an API speaks, and the headers by which a client asks for one.
public struct MicroversionRange: Sendable {
    /// The word in `OpenStack-API-Version`: "compute".
    public let serviceType: String
    /// The older header of the same meaning, when there is one: "X-OpenStack-Nova-API-Version".
    public let legacyHeader: String?
    public let minimum: Microversion
    public let maximum: Microversion
    /// What answers say of each version, from the minimum on.
    private let answers: [[(String, String)]]

    public init(
        serviceType: String, legacyHeader: String? = nil, minimum: Microversion, maximum: Microversion
    ) {
        self.serviceType = serviceType
        self.legacyHeader = legacyHeader
        self.minimum = minimum
        self.maximum = maximum
        answers = (minimum.minor...max(minimum.minor, maximum.minor)).map {
            Self.headers(Microversion(minimum.major, $0), serviceType, legacyHeader)
        }
    }

    /// The Compute API's: 2.1 to 2.104.
    public static let compute = MicroversionRange(
        serviceType: "compute", legacyHeader: "X-OpenStack-Nova-API-Version", minimum: Microversion(2, 1),
        maximum: Microversion(2, 104))
    /// The Placement API's: 1.0 to 1.39.
    public static let placement = MicroversionRange(
        serviceType: "placement", minimum: Microversion(1, 0), maximum: Microversion(1, 39))

    /// The version that headers ask for; the minimum when they ask for none.
    ///
    /// - Throws: ``APIFault`` 400 for text that is no version, 406 for one out of range.
    func negotiate(_ header: (String) -> String?) throws -> Microversion {
        let asked = header("OpenStack-API-Version")
        if let asked, let version = plain(asked) { return version }
        guard let text = requested(asked, header) else { return minimum }
        if text == "latest" { return maximum }
        guard let version = Microversion(text) else {
            throw APIFault(
                400, "API Version String \(text) is of invalid format. Must be of format MajorNum.MinorNum.")
        }
        guard minimum <= version, version <= maximum else {
            let message =
                serviceType == "compute"
                ? "Version \(version) is not supported by the API. Minimum is \(minimum) and maximum is \(maximum)."
                : "Unacceptable version header: \(version)"
            throw APIFault(406, message, versions: self)
        }
        return version
    }

    /// The version of a header that names this service alone, as almost all do; nil where it takes a closer look.
    private func plain(_ text: String) -> Microversion? {
        let name = serviceType.utf8
        guard text.utf8.starts(with: name), let space = text.utf8.dropFirst(name.count).first, space == 32,
            let version = Microversion(text.utf8.dropFirst(name.count + 1)), minimum <= version, version <= maximum
        else { return nil }
        return version
    }

    private func requested(_ asked: String?, _ header: (String) -> String?) -> String? {
        for element in asked?.utf8.split(separator: UInt8(ascii: ",")) ?? [] {
            let words = element.split(separator: UInt8(ascii: " ")).map { Substring($0).lowercased() }
            if words.count == 2, words[0] == serviceType { return words[1] }
        }
        return legacyHeader.flatMap(header).map { $0.trimmedSpaces.lowercased() }
    }

    /// The headers that tell the client which version it got.
    func headers(_ version: Microversion) -> [(String, String)] {
        let index = version.minor - minimum.minor
        guard version.major == minimum.major, answers.indices.contains(index) else {
            return Self.headers(version, serviceType, legacyHeader)
        }
        return answers[index]
    }

    private static func headers(
        _ version: Microversion, _ serviceType: String, _ legacyHeader: String?
    ) -> [(String, String)] {
        var headers = [("OpenStack-API-Version", "\(serviceType) \(version)")]
        guard let legacyHeader else { return headers + [("Vary", "OpenStack-API-Version")] }
        headers.append((legacyHeader, "\(version)"))
        headers.append(("Vary", "OpenStack-API-Version, \(legacyHeader)"))
        return headers
    }
}

extension StringProtocol {
    /// The text without spaces and tabs at its ends.
    var trimmedSpaces: String {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return String(rest)
    }
}
