import Glibc
import NovaCore
import Testing

@Suite struct TimestampTests {
    @Test func formatsTheForms() {
        let time = Timestamp(microseconds: 1_700_000_000_123_456)
        #expect(time.iso8601 == "2023-11-14T22:13:20Z")
        #expect(time.iso8601Micro == "2023-11-14T22:13:20.123456")
        #expect(time.iso8601MicroZ == "2023-11-14T22:13:20.123456Z")
        #expect(Timestamp(microseconds: 0).iso8601Micro == "1970-01-01T00:00:00.000000")
        #expect(Timestamp(microseconds: -1).iso8601Micro == "1969-12-31T23:59:59.999999")
    }

    @Test(arguments: [
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000), ("2023-11-14 22:13:20", 1_700_000_000_000_000),
        ("2023-11-14T22:13:20.5", 1_700_000_000_500_000), ("2023-11-14T22:13:20.1234567Z", 1_700_000_000_123_456),
        ("2023-11-15T00:13:20+02:00", 1_700_000_000_000_000), ("2023-11-14T17:13:20-05:00", 1_700_000_000_000_000),
    ])
    func parses(text: String, expected: Int64) {
        #expect(Timestamp(iso8601: text)?.microseconds == expected)
    }

    @Test(arguments: [
        "", "2023", "2023-11-14", "2023-13-14T22:13:20Z", "2023-11-14T24:13:20Z", "2023-11-14T22:13:20X",
        "2023-11-14T22:13:20Zx", "2023-11-14T22:13:20.", "2023-11-14T22:13:20+2", "2023-11-1ñT22:13:20",
        "x023-11-14T22:13:20",
    ])
    func refuses(text: String) { #expect(Timestamp(iso8601: text) == nil) }

    @Test func survivesTheRoundTrip() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            let time = Timestamp(microseconds: Int64.random(in: 0...4_000_000_000_000_000, using: &generator))
            #expect(Timestamp(iso8601: time.iso8601MicroZ) == time)
        }
    }

    @Test("a number that a peer may say has a text, whatever it is", arguments: [Int64.min, .min + 1, -1, .max])
    func extremes(microseconds: Int64) {
        #expect(!Timestamp(microseconds: microseconds).iso8601MicroZ.isEmpty)
        #expect(!Timestamp(microseconds: microseconds).iso8601.isEmpty)
    }

    @Test("dates are those of the C library, the last of February among them")
    func dates() {
        var generator = SystemRandomNumberGenerator()
        let random = (0..<1000).map { _ in Int64.random(in: -70_000_000_000...250_000_000_000, using: &generator) }
        for seconds in random + [951_782_400, 951_868_799, 951_868_800, 4_107_542_400, -2_203_891_200, -1, 0] {
            var (raw, parts) = (time_t(seconds), tm())
            gmtime_r(&raw, &parts)
            let numbers = Timestamp(microseconds: seconds * 1_000_000).iso8601.split { !$0.isNumber }.map { Int32($0) }
            #expect(
                numbers == [
                    max(0, parts.tm_year + 1900), parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                    parts.tm_sec,
                ])
        }
    }

    @Test func addsSeconds() {
        #expect(Timestamp(microseconds: 5).adding(seconds: -2).microseconds == -1_999_995)
        #expect(Timestamp(microseconds: 1) < Timestamp(microseconds: 2))
    }
}
