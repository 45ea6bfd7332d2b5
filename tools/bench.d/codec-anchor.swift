// Linked with the anchors' Wire.swift and generated.swift (see tools/bench.d/anchors): prints what the hand-written
// codec needs to encode and to decode the build request, in nanoseconds of CPU, the best of a few rounds.
// A program of its own, never part of the product: Foundation and traps are fine here.
import Foundation

let json = try Data(
    contentsOf: URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("payload.json"))
let request = toB(try JSONDecoder().decode(BuildRequest.self, from: json))

func cpuNow() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

@inline(never) func keep<T>(_ value: T) { withExtendedLifetime(value) {} }

func best(_ body: () -> Void) -> Double {
    let count = 20_000
    var best = Double.infinity
    for _ in 0..<3 {
        for _ in 0..<count / 10 { body() }
        let start = cpuNow()
        for _ in 0..<count { body() }
        best = min(best, (cpuNow() - start) / Double(count))
    }
    return best
}

var writer = W()
request.put(&writer)
let bytes = writer.bytes
let encode = best {
    writer.n = 0
    request.put(&writer)
    keep(writer.bytes)
}
let decode = best {
    bytes.withUnsafeBytes {
        var reader = R($0)
        keep(try! BuildRequestB(&reader))
    }
}
precondition(
    bytes.withUnsafeBytes {
        var reader = R($0)
        return try! BuildRequestB(&reader) == request
    })
print(encode, decode)
