import NovaCore
import Testing

@Suite struct UUIDTests {
    private let text = "0123abcd-4567-4ef0-89ab-fedcba987654"

    @Test func parsesBothForms() throws {
        let id = try #require(UUID128(text))
        #expect(id.description == text)
        #expect(UUID128(id.hex) == id)
        #expect(UUID128(text.uppercased()) == id)
        #expect(id.hex == "0123abcd45674ef089abfedcba987654")
    }

    @Test(arguments: [
        "", "0", "0123abcd-4567-4ef0-89ab-fedcba98765", "0123abcd-4567-4ef0-89ab-fedcba9876543",
        "0123abcd4567-4ef0-89ab-fedcba987654", "0123abcg-4567-4ef0-89ab-fedcba987654",
        "0123abcd--4567-4ef0-89abfedcba987654", "０123abcd-4567-4ef0-89ab-fedcba987654",
    ])
    func refuses(text: String) { #expect(UUID128(text) == nil) }

    @Test func randomOnesHaveTheVersion() {
        var seen: Set<UUID128> = []
        for _ in 0..<1000 {
            let id = UUID128.random()
            #expect(id.high >> 12 & 0xF == 4)
            #expect(id.low >> 62 == 2)
            #expect(seen.insert(id).inserted)
        }
    }

    @Test func timeOrderedOnesSortByTheirTime() {
        let times = [0, 1_792_000_000_000_000, 1_792_000_000_001_000, 4_102_444_800_000_000].map(
            Timestamp.init(microseconds:))
        let ids = times.map(UUID128.timeOrdered(at:))
        #expect(ids == ids.sorted())
        for (time, id) in zip(times, ids) {
            #expect(id.high >> 16 == UInt64(time.microseconds / 1000))
            #expect(id.high >> 12 & 0xF == 7)
            #expect(id.low >> 62 == 2)
        }
        #expect(UUID128.timeOrdered(at: times[1]) != UUID128.timeOrdered(at: times[1]))
        #expect(UUID128.timeOrdered(at: Timestamp(microseconds: -1)).high >> 16 == 0)
    }

    @Test func ordersByWords() {
        #expect(UUID128(high: 1, low: 0) > UUID128(high: 0, low: .max))
        #expect(UUID128(high: 1, low: 1) < UUID128(high: 1, low: 2))
    }

    @Test func identifiersAreTyped() throws {
        let id = try #require(ServerID(text))
        #expect(id.description == text)
        #expect(ServerID("nonsense") == nil)
        #expect(ServerID.none.description == "00000000-0000-0000-0000-000000000000")
        #expect(ProjectID(validating: "a/b") == nil)
        #expect(ProjectID(validating: "") == nil)
        #expect(ProjectID(validating: String(repeating: "a", count: 65)) == nil)
        #expect(ProjectID(validating: "default")?.text == "default")
    }

    @Test func requestIDsHaveTheForm() {
        let id = RequestContext.newRequestID()
        #expect(id.hasPrefix("req-"))
        #expect(UUID128(id.dropFirst(4)) != nil)
    }

    @Test func secretsDoNotPrint() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("hunter2"))
        }
        #expect(secret.reveal() == "hunter2")
    }
}
