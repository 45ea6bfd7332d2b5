import Glibc
import NovaHTTP
import NovaSchema

/// The kinds of value that many bodies share (`spec/compute-api.md`, "Legend").
enum Schemas {
    static let metadataKey = StringRule(.pattern("^[a-zA-Z0-9-_:. ]{1,255}$")) { key in
        (1...255).contains(key.utf8.count)
            && key.unicodeScalars.allSatisfy { isLetterOrDigit($0) || "-_:. ".unicodeScalars.contains($0) }
    }
    static let metadata = JSONSchema.dictionary(keys: metadataKey, values: .string(min: 0, max: 255))
    static let oneMetadataItem = JSONSchema.dictionary(
        keys: metadataKey, values: .string(min: 0, max: 255), min: 1, max: 1)
    static let nullableUUID = JSONSchema.nullable(.uuid)
    static let flavorNumber = JSONSchema.integer(min: 1, max: 2_147_483_647)
    static let flavorSize = JSONSchema.integer(min: 0, max: 2_147_483_647)
    static let quota = JSONSchema.integer(min: -1, max: 2_147_483_647)
    static let nullableDescription = JSONSchema.nullable(
        .string(
            min: 0, max: 65535,
            StringRule.characters("^[^\\x00-\\x09\\x0b-\\x1f\\x7f]*$") {
                $0.value >= 32 && $0.value != 127 || $0.value == 10
            }))
    static let serverDescription = JSONSchema.nullable(.string(min: 0, max: 255))
    static let tag = JSONSchema.string(
        min: 1, max: 60, StringRule.characters("^[^,/]*$") { $0 != "," && $0 != "/" })
    static let hostname = JSONSchema.string(
        min: 1, max: 255,
        StringRule.characters("^[a-zA-Z0-9-._]*$") { isLetterOrDigit($0) || "-._".unicodeScalars.contains($0) })
    /// A host name of one part: letters and digits at both ends.
    static let shortHostname = JSONSchema.string(
        min: 2, max: 63,
        StringRule(.pattern("^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$")) { text in
            let scalars = text.unicodeScalars
            guard let first = scalars.first, let last = scalars.last, first != "-", last != "-" else { return false }
            return scalars.allSatisfy { isLetterOrDigit($0) || $0 == "-" }
        })
    static let zone = JSONSchema.string(min: 1, max: 255, .name)
    static let projectID = JSONSchema.string(
        min: 1, max: 255,
        StringRule.characters("^[a-zA-Z0-9-]*$") { isLetterOrDigit($0) || $0 == "-" })
    static let ipv4 = JSONSchema.string(min: 0, max: nil, StringRule(.format("ipv4")) { IPText.isV4($0) })
    static let ipv6 = JSONSchema.string(min: 0, max: nil, StringRule(.format("ipv6")) { IPText.isV6($0) })
    static let ip = JSONSchema.anyOf([ipv4, ipv6])
    static let pattern = JSONSchema.string(
        min: 0, max: 255, StringRule(.format("regex")) { TextPattern($0) != nil })
    static let limit = JSONSchema.string(
        min: 0, max: nil, StringRule.characters("^[0-9]*$") { ("0"..."9").contains($0) })
    static let dateTime = JSONSchema.string(min: 0, max: nil, .dateTime)

    private static func isLetterOrDigit(_ character: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(character) || ("A"..."Z").contains(character) || ("0"..."9").contains(character)
    }
}

/// What a request's query may have, by microversion.
enum Queries {
    /// No parameters; unknown ones are refused from 2.102 on.
    static let none = of([:], strictSince: 102)

    /// Parameters from 2.1 on with later changes; unknown ones are ignored before `strictSince`.
    ///
    /// - Parameter changes: by minor number, the parameters that came, or nil for those that went.
    static func of(
        _ first: [String: JSONSchema], strictSince: Int = 75, changes: [Int: [String: JSONSchema?]] = [:]
    ) -> [BodySchema] {
        var parameters = first
        let steps = Set(changes.keys).union([1, strictSince]).sorted()
        return steps.map { minor in
            for (name, schema) in changes[minor] ?? [:] { parameters[name] = schema }
            return BodySchema(
                since: .v(minor), .object(properties: parameters, additional: minor < strictSince))
        }
    }
}

/// Whether texts are addresses, as the system reads them.
enum IPText {
    static func isV4(_ text: String) -> Bool {
        // For C the text would end there.
        guard !text.utf8.contains(0) else { return false }
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }

    static func isV6(_ text: String) -> Bool {
        guard !text.utf8.contains(0) else { return false }
        var address = in6_addr()
        return inet_pton(AF_INET6, text, &address) == 1
    }

    /// An IPv6 address in its shortest form (RFC 5952); other text as it is.
    static func canonical(_ text: String) -> String {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return text }
        var bytes = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &bytes, socklen_t(bytes.count)) != nil else { return text }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
