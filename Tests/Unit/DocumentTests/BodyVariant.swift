import NovaHTTP
import NovaSchema

/// The schema of a body in a span of microversions, and its name in the document.
struct BodyVariant {
    let name: String
    let span: VersionSpan
    let schema: JSONSchema
    /// As the document shows it: each member that is not in all variants says from when to when it is.
    let published: JSONValue

    /// The variants of an operation's body.
    static func all(of operation: NovaHTTP.Operation, in api: API) -> [BodyVariant] {
        let variants = VersionSpan.variants(operation.body, of: operation, in: api)
        let plain = variants.map(\.schema.published)
        return variants.enumerated().map { index, variant in
            let members = MemberVersions(variants: plain, spans: variants.map(\.span), index: index)
            return BodyVariant(
                name: name(of: operation, in: api, from: variant.span.from), span: variant.span,
                schema: variant.schema, published: members.annotated(plain[index]).adding(variant.span.members))
        }
    }

    private static func name(of operation: NovaHTTP.Operation, in api: API, from: Microversion?) -> String {
        var words = [operation.verb.rawValue] + (api.prefix + operation.path).split(separator: "/").map(String.init)
        if let action = operation.action { words.append(action) }
        let version = api.microversions.map { "-\(from ?? $0.minimum)" } ?? ""
        let name = words.joined(separator: ".") + version
        return String(
            name.compactMap { character -> Character? in
                if character == "{" || character == "}" { return nil }
                let isPlain = character.isASCII && (character.isLetter || character.isNumber)
                return isPlain || "._-".contains(character) ? character : "_"
            })
    }
}

/// Adds to the members of one of several schemas of a body from when to when they exist.
struct MemberVersions {
    let variants: [JSONValue]
    let spans: [VersionSpan]
    let index: Int

    func annotated(_ schema: JSONValue, at path: [String] = []) -> JSONValue {
        guard let object = schema.objectValue else { return schema }
        var result = object
        for (keyword, value) in object {
            switch keyword {
            case "properties":
                let members = (value.objectValue ?? [:]).map { name, member in
                    let here = path + [name]
                    return (name, annotated(member, at: here).adding(span(of: here).members))
                }
                result[keyword] = .object(JSONObject(members))
            case "items", "additionalProperties": result[keyword] = annotated(value, at: path)
            case "anyOf": result[keyword] = .array((value.arrayValue ?? []).map { annotated($0, at: path) })
            default: break
            }
        }
        return .object(result)
    }

    private func span(of path: [String]) -> VersionSpan {
        let has = variants.map { Self.has(path[...], in: $0) }
        let first = has[...index].lastIndex(of: false).map { $0 + 1 } ?? 0
        let end = has[index...].firstIndex(of: false)
        return VersionSpan(
            from: first == 0 ? nil : spans[first].from, to: end.flatMap { spans[$0].from?.previous })
    }

    private static func has(_ path: ArraySlice<String>, in schema: JSONValue) -> Bool {
        guard let name = path.first else { return true }
        if let member = schema["properties"]?[name], has(path.dropFirst(), in: member) { return true }
        let inner =
            (schema["anyOf"]?.arrayValue ?? []) + [schema["items"], schema["additionalProperties"]].compactMap { $0 }
        return inner.contains { has(path, in: $0) }
    }
}
