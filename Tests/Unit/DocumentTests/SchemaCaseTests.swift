import Foundation
import NovaSchema
import Testing

/// Judges the values that `tools/tests/schemas.sh` makes up, so that it can compare with another validator.
@Suite("Cases of a file")
struct SchemaCaseTests {
    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// Each line of the file has the document, the schema's name and the value as JSON, separated by tabs; each line
    /// of the answer is 1 for a value that is accepted, 0 for one that is not, "malformed" for what is no JSON.
    @Test("judged", .enabled(if: variable("NOVA_SCHEMA_CASES") != nil))
    func judged() async throws {
        let path = try #require(Self.variable("NOVA_SCHEMA_CASES"))
        let answers = try #require(Self.variable("NOVA_SCHEMA_VERDICTS"))
        var schemas: [String: JSONSchema] = [:]
        for service in try await ServiceDeclarations.all() {
            for body in OpenAPIDocument(service: service).bodies {
                schemas["\(service.name)\t\(body.name)"] = body.schema
            }
        }
        let cases = try #require(FileManager.default.contents(atPath: path))
        var verdicts = ""
        for line in cases.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: "\t"), maxSplits: 2)
            try #require(parts.count == 3)
            let key = "\(String(decoding: parts[0], as: UTF8.self))\t\(String(decoding: parts[1], as: UTF8.self))"
            let schema = try #require(schemas[key], "no schema \(key)")
            guard let value = try? JSONValue.parse(Array(parts[2])) else {
                verdicts += "malformed\n"
                continue
            }
            verdicts += (try? schema.validate(value)) != nil ? "1\n" : "0\n"
        }
        try Data(verdicts.utf8).write(to: URL(fileURLWithPath: answers))
    }
}
