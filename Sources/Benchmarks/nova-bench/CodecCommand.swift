import ArgumentParser
import NovaWire

/// The build request through the codec, for `tools/bench queue`.
struct CodecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codec", abstract: "Measures the codec; prints one JSON object.")

    func run() throws {
        let codec = try CodecBenchmark.run(Anchors(folder: nil), rounds: 20)
        let figures: [Figure] = [
            Figure("encode_ns", codec.encode, "ns"), Figure("decode_ns", codec.decode, "ns"),
            Figure("bytes", Double(BuildRequest.sample.encoded().count), "B"),
        ]
        print(Figure.json(figures))
    }
}
