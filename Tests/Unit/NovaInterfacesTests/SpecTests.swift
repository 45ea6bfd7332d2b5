import NovaRPC
import NovaWire
import Testing

/// `proto-spec/rpc` and `proto-spec/records.md` say what the code says.
@Suite("Documents of interfaces and records")
struct SpecTests {
    @Test("a document agrees with the code", arguments: try SpecDocument.all())
    func agrees(_ document: SpecDocument) throws {
        if SourceTree.writes { try document.write() }
        if let difference = document.difference { Issue.record(Comment(rawValue: difference)) }
    }

    @Test("a document has an introduction", arguments: try SpecDocument.all())
    func introduction(_ document: SpecDocument) throws {
        // The other test says what to do about a missing file.
        guard let introduction = document.introduction else { return }
        #expect(
            introduction.hasPrefix("# ") && !introduction.contains(SpecDocument.placeholder),
            "\(document.path): write above the marker line what it is for and who uses it")
    }

    @Test("no document is left of an interface that is gone")
    func strays() throws {
        let wanted = Set(try SpecDocument.all().map(\.path))
        for name in (try? SourceTree.names(in: "proto-spec/rpc")) ?? [] {
            #expect(wanted.contains("proto-spec/rpc/\(name)"), "proto-spec/rpc/\(name) describes no interface")
        }
    }

    @Test("each record of NovaModel and NovaInterfaces is described")
    func everyRecord() throws {
        let described = Set(SpecContents().records.keys.map { String($0.split(separator: ".").last ?? "") })
        for folder in ["Sources/Domain/NovaModel", "Sources/Domain/NovaInterfaces"] {
            for file in try SourceTree.swiftFiles(below: folder) {
                for match in file.text.matches(of: /struct (\w+): Record\b/) {
                    #expect(
                        described.contains(String(match.1)),
                        "\(match.1) (\(file.path)) is part of no message: add it to SpecContents.stored")
                }
            }
        }
    }

    @Test("two types of one name would share a place in the documents")
    func names() {
        var types: [String: ObjectIdentifier] = [:]
        func check(_ record: RecordDescription) {
            let id = ObjectIdentifier(record.type)
            #expect(types.updateValue(id, forKey: record.name) ?? id == id, "\(record.name) is declared twice")
            for field in record.fields {
                if case .record(let inner) = field.type.innermost { check(RecordDescription(inner)) }
            }
        }
        for method in SpecContents().interfaces.flatMap(\.methods) {
            check(method.request)
            check(method.response)
        }
        for type in SpecContents.stored { check(RecordDescription(type)) }
    }
}
