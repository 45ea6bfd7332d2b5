import NovaCore

/// The microversions an API speaks, and the headers by which a client asks for one.
public struct MicroversionRange: Sendable {
    /// The word in `OpenStack-API-Version`: "compute".
    public var serviceType: String
    /// The older header of the same meaning, when there is one: "X-OpenStack-Nova-API-Version".
    public var legacyHeader: String?
    public var minimum: Microversion
    public var maximum: Microversion

    public init(
        serviceType: String, legacyHeader: String? = nil, minimum: Microversion, maximum: Microversion
    ) {
        self.serviceType = serviceType
        self.legacyHeader = legacyHeader
        self.minimum = minimum
        self.maximum = maximum
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
        guard let text = requested(header) else { return minimum }
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

    private func requested(_ header: (String) -> String?) -> String? {
        for element in header("OpenStack-API-Version")?.utf8.split(separator: UInt8(ascii: ",")) ?? [] {
            let words = element.split(separator: UInt8(ascii: " ")).map { Substring($0).lowercased() }
            if words.count == 2, words[0] == serviceType { return words[1] }
        }
        return legacyHeader.flatMap(header).map { $0.trimmedSpaces.lowercased() }
    }

    /// The headers that tell the client which version it got.
    func headers(_ version: Microversion) -> [(String, String)] {
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
