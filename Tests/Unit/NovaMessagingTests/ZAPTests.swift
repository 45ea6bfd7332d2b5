import NovaCore
import Testing

@testable import NovaMessaging

@Suite("ZAP", .timeLimit(.minutes(1)))
struct ZAPTests {
    private static let req: Int32 = 3

    private static func frames(
        version: String = "1.0", id: String = "7", domain: String = "d", mechanism: String = "CURVE",
        credentials: [[UInt8]]
    ) -> [[UInt8]] {
        [version, id, domain, "10.0.0.9", "", mechanism].map { Array($0.utf8) } + credentials
    }

    @Test("a request is read, and what is none is not")
    func parse() throws {
        let key = [UInt8](1...32)
        let request = try #require(ZAPRequest(Self.frames(credentials: [key])))
        #expect(request.id == Array("7".utf8))
        #expect(request.address == "10.0.0.9")
        #expect(request.credentials == key)
        #expect(ZAPRequest(Self.frames(mechanism: "NULL", credentials: [])) != nil)
        #expect(ZAPRequest(Self.frames(version: "1.1", credentials: [key])) == nil)
        #expect(ZAPRequest(Self.frames(credentials: [])) == nil)
        #expect(ZAPRequest(Self.frames(credentials: [key, key])) == nil)
        #expect(ZAPRequest(Self.frames(credentials: [[1, 2]])) == nil)
        #expect(ZAPRequest(Self.frames(id: String(repeating: "x", count: 256), credentials: [key])) == nil)
        #expect(ZAPRequest([]) == nil)
    }

    @Test("only CURVE with an authorized key comes in, under its key")
    func verdicts() throws {
        let pair = try CurveKeyPair()
        let bytes = try #require(Z85.decode(pair.publicKey.description))
        let request = try #require(ZAPRequest(Self.frames(credentials: [bytes])))
        #expect(ZAPHandler.verdict(request) { $0 == pair.publicKey } == .admitted(pair.publicKey))
        #expect(ZAPHandler.verdict(request) { _ in false } != .admitted(pair.publicKey))
        for mechanism in ["NULL", "PLAIN", "GSSAPI", "curve", ""] {
            let other = try #require(ZAPRequest(Self.frames(mechanism: mechanism, credentials: [bytes])))
            guard case .refused = ZAPHandler.verdict(other, isAuthorized: { _ in true }) else {
                Issue.record("\(mechanism) came in")
                continue
            }
        }
        #expect(
            ZAPVerdict.admitted(pair.publicKey).frames(id: [7]).map { String(decoding: $0, as: UTF8.self) }
                == ["1.0", "\u{7}", "200", "OK", pair.publicKey.description, ""])
    }

    @Test("the handler answers malformed questions with 500, and goes on")
    func malformed() throws {
        _ = try ZAPHandler.shared()
        let socket = try ZMQContext.shared.socket(Self.req)
        try socket.set(17, Int32(0))  // ZMQ_LINGER
        try socket.connect(ZAPHandler.endpoint)
        let key = [UInt8](1...32)
        let questions: [([[UInt8]], String)] = [
            ([[]], "500"), ([[1, 2, 3]], "500"), (Self.frames(version: "9", credentials: [key]), "500"),
            (Self.frames(credentials: [[]]), "500"), ([[UInt8]](repeating: [1], count: 300), "500"),
            ([[UInt8](repeating: 7, count: 100_000), [2]], "500"), (Self.frames(credentials: [key]), "400"),
        ]
        for (question, status) in questions {
            for index in question.indices {
                let outcome = question[index].withUnsafeBytes { socket.send($0, more: index < question.count - 1) }
                #expect(outcome == .sent)
            }
            var answer: [[UInt8]] = []
            let end = MonotonicClock.milliseconds() + 10_000
            while !socket.receive(limit: 6, into: &answer) { try #require(MonotonicClock.milliseconds() < end) }
            #expect(answer.count == 6)
            #expect(answer[2] == Array(status.utf8))
        }
    }

    @Test("refusals fill no log")
    func refusalLog() {
        var log = RefusalLog()
        var told = 0
        for second in 0..<120 {
            for _ in 0..<100 where log.next(now: Int64(second) * 1_000) != nil { told += 1 }
        }
        #expect(told == 2 * RefusalLog.lines)
        #expect(log.next(now: 200_000) == 12_000 - 2 * RefusalLog.lines - (6_000 - RefusalLog.lines))
    }
}

@Suite("Endless messages")
struct FloodGuardTests {
    @Test("a connection that sends much and never a message is found once; one that speaks is not")
    func found() {
        final class Counts { var bytes: [Int32: UInt64] = [:] }
        let counts = Counts()
        var flood = FloodGuard { counts.bytes[$0] }
        for fd: Int32 in [4, 5, 6] { flood.opened(fd) }
        counts.bytes = [4: 100, 5: 100]
        #expect(flood.check() == [])
        counts.bytes = [4: FloodGuard.limit + 1, 5: FloodGuard.limit * 9, 6: FloodGuard.limit]
        flood.heard(5)
        #expect(flood.check() == [4])
        #expect(flood.check() == [])
        counts.bytes[5] = FloodGuard.limit * 10 + 1
        counts.bytes[6] = FloodGuard.limit + 1
        flood.closed(6)
        #expect(flood.check() == [5])
        for fd: Int32 in [-1, 1_000_000_000] {
            flood.opened(fd)
            flood.heard(fd)
        }
        #expect(flood.check() == [])
    }
}
