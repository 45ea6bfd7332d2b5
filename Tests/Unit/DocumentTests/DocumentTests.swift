import NovaConfig
import NovaHTTP
import NovaSchema
import Testing

/// `proto-spec/api` and `proto-spec/samples` say what the declarations say.
@Suite("Documents of the declarations")
struct DocumentTests {
    @Test("a document agrees with the code", arguments: try await Document.all())
    func agrees(_ document: Document) throws {
        if Document.writes { try document.write() }
        if let difference = document.difference { Issue.record(Comment(rawValue: difference)) }
    }

    @Test("no document is left of what is gone")
    func strays() async throws {
        let wanted = Set(try await Document.all().map(\.path))
        for file in Document.files { #expect(wanted.contains(file), "\(file) is made from nothing") }
    }

    @Test("every body has a name of its own", arguments: try await ServiceDeclarations.all())
    func names(_ service: ServiceDeclarations) {
        var seen: Set<String> = []
        for body in OpenAPIDocument(service: service).bodies {
            #expect(seen.insert(body.name).inserted, "\(body.name) names two bodies")
        }
    }

    @Test("members of bodies say from and to when they exist")
    func members() async throws {
        let bodies = OpenAPIDocument(service: try await .named("compute")).bodies
        let create = bodies.filter { $0.name.hasPrefix("POST.v2.1.servers-") }
        let first = try #require(create.first?.published["properties"]?["server"]?["properties"])
        let last = try #require(create.last?.published["properties"]?["server"]?["properties"])
        #expect(create.first?.name == "POST.v2.1.servers-2.1" && create.count > 10)
        #expect(first["tags"] == nil && last["personality"] == nil)
        #expect(last["tags"]?["x-openstack-min-version"] == "2.52")
        #expect(first["personality"]?["x-openstack-max-version"] == "2.56")
        #expect(first["name"]?["x-openstack-min-version"] == nil && last["name"]?["x-openstack-min-version"] == nil)
        // In the schemas it moves; the member itself was always there.
        let uuid = last["networks"]?["anyOf"]?[0]?["items"]?["properties"]?["uuid"]
        #expect(uuid != nil && uuid?["x-openstack-min-version"] == nil)
    }

    @Test("the sample of nova.conf is a configuration of defaults")
    func sample() throws {
        let lines = Configuration.sample(Document.options).split(separator: "\n").map(String.init)
        // A comment that begins without a space is an option.
        let options = lines.map { $0.hasPrefix("#") && !$0.hasPrefix("# ") ? String($0.dropFirst()) : $0 }
        let file = try IniFile(text: options.joined(separator: "\n"), path: "sample")
        let loaded = try Configuration.load(files: [file], known: Document.options)
        let plain = try Configuration.load(known: Document.options)
        func values(_ configuration: Configuration) -> [Substring] {
            configuration.dump().split(separator: "\n").filter { !$0.hasPrefix("# ") }
        }
        #expect(file.assignments.count > 100)
        #expect(values(loaded) == values(plain))
    }
}
