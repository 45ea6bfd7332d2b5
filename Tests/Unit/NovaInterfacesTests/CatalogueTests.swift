import NovaInterfaces
import NovaRPC
import NovaWire
import Testing

/// The catalogue is complete, and what it says of methods is true.
@Suite("Catalogue of RPC methods")
struct CatalogueTests {
    private static let methods = RPCCatalogue.interfaces.flatMap { $0.descriptions }

    @Test("topics are unique, and methods are listed under their own")
    func topics() {
        let topics = RPCCatalogue.interfaces.map { $0.topic }
        #expect(Set(topics).count == topics.count)
        for interface in RPCCatalogue.interfaces {
            for method in interface.descriptions {
                #expect(method.topic == interface.topic, "\(method.request.name) is listed under \(interface.topic)")
            }
        }
    }

    @Test("numbers and names are unique within a topic", arguments: RPCCatalogue.interfaces.map { $0.topic })
    func unique(_ topic: String) {
        let methods = Self.methods.filter { $0.topic == topic }
        #expect(!methods.isEmpty)
        var numbers: [UInt16: String] = [:]
        var names: Set<String> = []
        for method in methods {
            let former = numbers.updateValue(method.name, forKey: method.number)
            #expect(former == nil, "\(topic): \(method.name) has number \(method.number) of \(former ?? "")")
            #expect(names.insert(method.name).inserted, "\(topic): two methods are called \(method.name)")
            #expect(method.number > 0)
            #expect(method.name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil, "\(topic).\(method.name)")
            #expect(method.timeout > .zero && method.timeout <= .seconds(3600), "\(topic).\(method.name)")
        }
        #expect(methods.map(\.number) == methods.map(\.number).sorted(), "\(topic): list them by number")
    }

    // The benchmarks have methods that no daemon serves.
    private static func sources() throws -> [(path: String, text: String)] {
        try SourceTree.swiftFiles(below: "Sources").filter { !$0.path.hasPrefix("Sources/Benchmarks/") }
    }

    @Test("each method of the sources is in the catalogue")
    func complete() throws {
        let known = Set(Self.methods.map { String($0.request.name.split(separator: ".").last ?? "") })
        var found: Set<String> = []
        for file in try Self.sources() {
            for match in file.text.matches(of: /(?:struct|class|enum|actor|extension) (\w+)[^{]*[:,&]\s*RPCMethod\b/) {
                let name = String(match.1)
                found.insert(name)
                #expect(known.contains(name), "\(name) (\(file.path)) is in the list of no RPCInterface")
            }
        }
        #expect(found == known, "the sources were not understood: \(known.subtracting(found).sorted())")
    }

    @Test("methods are sent as they declare")
    func deliveries() throws {
        let declared = Dictionary(
            Self.methods.map { ($0.request.name, $0.delivery.rawValue) }, uniquingKeysWith: { first, _ in first })
        var sent: Set<String> = []
        for file in try Self.sources() {
            for match in file.text.matches(of: /\.(call|cast|fanout)\(\s*([A-Z]\w+)\(/) {
                guard let delivery = declared[String(match.2)] else { continue }
                #expect(delivery == match.1, "\(match.2) declares \(delivery), \(file.path) sends it by \(match.1)")
                sent.insert(String(match.2))
            }
        }
        for method in Self.methods where method.delivery != .call {
            #expect(sent.contains(method.request.name), "nobody sends \(method.request.name)")
            #expect(method.response.name == "Nothing", "\(method.request.name) is not answered")
        }
    }
}
