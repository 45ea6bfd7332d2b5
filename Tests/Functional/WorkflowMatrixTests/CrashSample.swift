import NovaCore

/// A part of the matrix, spread over all of it and chosen by a seed.
struct CrashSample: CustomStringConvertible {
    let cases: [CrashCase]
    private let total: Int
    private let seed: UInt64

    /// One by chance of each ten that stand together.
    init(of all: [CrashCase], seed: UInt64) {
        var chance = SplitMix64(seed: seed)
        cases = stride(from: 0, to: all.count, by: 10).map { start in
            all[Int.random(in: start..<min(start + 10, all.count), using: &chance)]
        }
        total = all.count
        self.seed = seed
    }

    var description: String { "a sample of \(total) by NOVA_MATRIX_SEED=\(seed)" }
}
