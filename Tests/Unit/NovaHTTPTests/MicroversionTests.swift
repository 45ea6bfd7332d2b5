import NovaHTTP
import Testing

@Suite("Microversion")
struct MicroversionTests {
    @Test("Text of versions")
    func parsing() {
        #expect(Microversion("2.79") == Microversion(2, 79))
        #expect(Microversion(2, 9) < Microversion(2, 10))
        for text in ["", "2", "2.", ".1", "2.01", "02.1", "2.1.1", "2.x", "0.1", "2.-1", "2.99999999"] {
            #expect(Microversion(text) == nil, "\(text)")
        }
    }
}
