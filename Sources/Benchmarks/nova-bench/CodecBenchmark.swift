import NovaCore
import NovaWire

/// What the codec needs for the build request, beside the anchor's figure of the same minutes.
struct CodecBenchmark {
    /// The anchor's figure where its program is not at hand: messaging.md 8.4, another run on another day.
    static let documentedAnchor = 2_480.0
    private static let count = 20_000

    var encode = Double.infinity
    var decode = Double.infinity
    /// The anchor's encode and decode together, in nanoseconds.
    var anchor = documentedAnchor

    var ratio: Double { (encode + decode) / anchor }

    /// Takes turns with the anchor, so that both see the same machine; the best round of each counts.
    static func run(_ anchors: Anchors, rounds: Int = 5) throws -> CodecBenchmark {
        let request = BuildRequest.sample
        let bytes = request.encoded()
        guard try BuildRequest(decoding: bytes) == request else {
            throw NovaError(.internal, "The build request does not survive the codec.")
        }
        var result = CodecBenchmark()
        var best: Double?
        for _ in 0..<rounds {
            result.encode = min(result.encode, Measure.perRun(count) { Measure.keep(request.encoded()) })
            result.decode = min(
                result.decode, try Measure.perRun(count) { Measure.keep(try BuildRequest(decoding: bytes)) })
            if let anchor = anchors.codecNanoseconds() { best = min(best ?? anchor, anchor) }
        }
        if let best {
            result.anchor = best
        } else {
            anchors.note("codec_ratio: no anchor program here; compared with the 2,480 ns of messaging.md 8.4")
        }
        return result
    }
}
