import Foundation
import NovaCore
import NovaHTTP
import Testing

@testable import NovaIdentity

@Suite struct PolicyDefaultTests {
    /// Keystone's defaults by rule.
    private static func keystone() throws -> [String: String] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.deletingLastPathComponent().appendingPathComponent("Conformance/policy-defaults.txt")
        var defaults: [String: String] = [:]
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: "\t").map(String.init)
            if parts.count == 3, parts[0] == "nova-identity" { defaults[parts[1]] = parts[2] }
        }
        return defaults
    }

    @Test func defaultsAreKeystones() async throws {
        let defaults = try Self.keystone()
        #expect(defaults.count > 150)
        try await IdentityFixture.with { identity in
            var compared = 0
            for operation in identity.core.apis.flatMap(\.operations) {
                guard let check = operation.policy else { continue }
                guard let wanted = defaults[operation.name] else {
                    Issue.record("Keystone has no rule \(operation.name)")
                    continue
                }
                compared += 1
                #expect(check == wanted, "\(operation.name)")
            }
            #expect(compared > 120)
        }
    }
}
