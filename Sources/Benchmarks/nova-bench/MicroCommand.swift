import ArgumentParser

/// The figures that one process can take by itself.
struct MicroCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "micro", abstract: "Measures the codec, calls within this process, and token validation.")

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    @Option(help: "A folder with the anchors' programs, codec-anchor and zb (see tools/bench.d/anchors).")
    var anchors: String?

    func run() async throws {
        let anchors = Anchors(folder: anchors)
        let codec = try CodecBenchmark.run(anchors)
        let call = try await CallBenchmark.run(at: "tcp://127.0.0.1:*")
        // As many rounds as our own; the best of each counts.
        let anchorCall = (0..<3).compactMap { _ in anchors.callMicroseconds(5_000) }.min()
        let inProcess = try await CallBenchmark.run(at: "inproc://nova-bench")
        let token = try await TokenBenchmark.run()
        let figures: [Figure] = [
            Figure("codec_ratio", codec.ratio, "x, encode and decode against the anchor"),
            Figure("codec_encode_ns", codec.encode, "ns, build request"),
            Figure("codec_decode_ns", codec.decode, "ns, build request"),
            Figure("call_p50_us", call.p50, "us, 256 bytes through the broker, tcp"),
            Figure("call_p99_us", call.p99, "us, the same"),
            Figure("call_cpu_us", call.cpu, "us CPU of all parties for one call"),
            Figure("call_inproc_p50_us", inProcess.p50, "us, the same call inside the process"),
            Figure("anchor_call_p50_us", anchorCall, "us, the broker in C"),
            Figure("token_cached_us", token.cached, "us CPU"),
            Figure("token_fresh_us", token.fresh, "us CPU, signature checked"),
        ]
        print(json ? Figure.json(figures) : Figure.table(figures))
    }
}
