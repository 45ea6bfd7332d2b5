import NovaCore
import Testing

@testable import NovaAPI

@Suite struct TextPatternTests {
    @Test(arguments: [
        ("web", "my-web-1", true), ("^web", "my-web-1", false), ("^web.*1$", "web-21", true), ("a|b", "xbx", true),
        ("^(ab)+$", "ababab", true), ("^(ab)+$", "aba", false), ("[a-c]{2,3}x", "zabx", true), ("[^0-9]", "123", false),
        ("\\d+\\.\\d+", "10.5", true), ("\\d+\\.\\d+", "10x5", false), ("", "anything", true), ("x?$", "", true),
        ("a{3}", "aa", false), ("(?:no|yes)", "oh yes", true), ("[]a]", "]", true), ("\\w+@\\w+", "a@b", true),
        ("a{,2}b", "aab", true), ("{", "a{b", true), ("^$", "", true), ("^$", "x", false), (".", "ü", true),
    ])
    func matches(_ pattern: String, _ text: String, _ fits: Bool) throws {
        #expect(try #require(TextPattern(pattern)).matches(text) == fits)
    }

    @Test(arguments: ["(", ")", "[a", "*a", "a\\", "(?=a)", "(a", "\\1", "[z-a]", "a{9999}", "(((a{200}){200}){200})"])
    func refuses(_ pattern: String) { #expect(TextPattern(pattern) == nil) }

    @Test(.timeLimit(.minutes(1)))
    func hostilePatternsTakeLittleTime() throws {
        let pattern = try #require(TextPattern("^(a+)+(a+)+(a|aa)+$"))
        let start = ContinuousClock.now
        #expect(!pattern.matches(String(repeating: "a", count: 2_000) + "!"))
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}

@Suite struct UptimeTests {
    @Test(
        arguments: [
            (Int64(59), " 00:00:59 up 0 min"), (3660, " 01:01:00 up  1:01"), (45_000, " 12:30:00 up 12:30"),
            (86_400 + 180, " 00:03:00 up 1 day, 3 min"), (864_000 + 7320, " 02:02:00 up 10 days,  2:02"),
        ] as [(Int64, String)])
    func words(_ seconds: Int64, _ text: String) {
        let booted = Timestamp(microseconds: 0)
        #expect(UptimeText.of(booted, now: booted.adding(seconds: seconds)) == text)
        #expect(UptimeText.of(nil) == nil)
    }
}

@Suite struct AddressTextTests {
    @Test(arguments: [
        ("10.0.0.1", true, false), ("10.0.0.256", false, false), ("10.0.0", false, false), ("010.0.0.1", false, false),
        ("::1", false, true), ("::babe:220.12.22.2", false, true), ("fe80::1::2", false, false), ("", false, false),
        ("2001:db8:0:0:0:0:0:1", false, true), ("12345::", false, false),
    ])
    func kinds(_ text: String, _ isV4: Bool, _ isV6: Bool) {
        #expect(IPText.isV4(text) == isV4)
        #expect(IPText.isV6(text) == isV6)
    }

    @Test func theShortestForm() {
        #expect(IPText.canonical("::babe:220.12.22.2") == "::babe:dc0c:1602")
        #expect(IPText.canonical("2001:DB8:0:0:0:0:0:1") == "2001:db8::1")
    }
}
