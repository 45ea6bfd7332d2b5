import Glibc
import NovaCore
import NovaWire
import Testing

/// The bytes that other implementations must produce: `proto-spec/wire/vectors/codec.txt`, one `name hex` a line.
@Suite("Wire vectors")
struct VectorTests {
    static let values: [(name: String, encoded: [UInt8])] = [
        ("inner-default", Inner().encoded()),
        ("inner-text", Inner("i", 1).encoded()),
        ("inner-negative", Inner("", -300).encoded()),
        ("inner-128-bytes", Inner(String(repeating: "a", count: 128), 0).encoded()),
        ("later-inner", laterInner.encoded()),
        ("nothing", Nothing().encoded()),
        ("every-field-default", EveryField().encoded()),
        ("every-field", EveryField.sample.encoded()),
    ]

    private static var laterInner: LaterInner {
        var value = LaterInner()
        value.more = [1, -1]
        return value
    }

    @Test("each documented vector is what the code writes, and reads back")
    func vectors() throws {
        let known = Dictionary(uniqueKeysWithValues: Self.values.map { ($0.name, Hex.encode($0.encoded)) })
        var seen: Set<String> = []
        for line in try Self.file().split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            try #require(parts.count == 2)
            let name = String(parts[0])
            #expect(known[name] == String(parts[1]), "\(name)")
            seen.insert(name)
        }
        #expect(seen == Set(known.keys))
        let bytes = try #require(Hex.decode(known["every-field"] ?? ""))
        #expect(try EveryField(decoding: bytes) == EveryField.sample)
    }

    private static func file() throws -> String {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let path = "/" + root + "/proto-spec/wire/vectors/codec.txt"
        let file = try #require(fopen(path, "r"), "\(path)")
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
