import NovaHTTP
import Testing

@Suite("Default rules of the Compute API")
struct ComputePolicyTests {
    /// What only this Nova has.
    private static let own = ["os_compute_api:removed", "os_compute_api:os-nova-"]

    @Test("they are Nova's")
    func defaults() async throws {
        let text = try #require(Document.file("Tests/Conformance/policy-defaults.txt"))
        var wanted: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t").map(String.init)
            if parts.count == 3, parts[0] == "nova-api" { wanted[parts[1]] = parts[2] }
        }
        #expect(wanted.count > 200)
        var compared: Set<String> = []
        for operation in try await ServiceDeclarations.named("compute").apis.flatMap(\.operations) {
            guard let check = operation.policy, !Self.own.contains(where: operation.name.hasPrefix) else { continue }
            // What Nova has no rule for is open to all.
            let standard = wanted[operation.name] ?? "@"
            compared.insert(operation.name)
            #expect(check == standard, "\(operation.name)")
        }
        #expect(compared.count > 100)
    }
}
