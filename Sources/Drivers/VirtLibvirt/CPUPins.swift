import NovaModel

/// The CPUs of the host that a guest has for itself.
struct CPUPins: Sendable, Equatable {
    /// One for each of the guest's, in their order.
    var cpus: [Int] = []
    /// These and the sibling threads that stay unused.
    var held: Set<Int> = []

    /// Takes free CPUs for a guest.
    ///
    /// - Parameters:
    ///   - free: dedicated CPUs that no other guest holds.
    ///   - siblings: the threads of each core.
    ///   - cells: the CPUs of each NUMA node of the host; a guest's node takes those of its own.
    /// - Returns: nil when there are not enough.
    static func choose(
        _ count: Int, for hardware: GuestHardware, free: Set<Int>, siblings: [Set<Int>], cells: [Set<Int>]
    ) -> CPUPins? {
        guard !hardware.cells.isEmpty else {
            return choose(count, hardware.threadPolicy, free, siblings)
        }
        var (pins, free) = (CPUPins(cpus: [Int](repeating: -1, count: count)), free)
        for cell in hardware.cells {
            let place = cell.hostCell ?? 0
            guard cells.indices.contains(place),
                let found = choose(
                    cell.cpus.count, hardware.threadPolicy, free.intersection(cells[place]), siblings)
            else { return nil }
            for (cpu, host) in zip(cell.cpus.sorted(), found.cpus) where pins.cpus.indices.contains(cpu) {
                pins.cpus[cpu] = host
            }
            pins.held.formUnion(found.held)
            free.subtract(found.held)
        }
        return pins.cpus.contains(-1) ? nil : pins
    }

    private static func choose(
        _ count: Int, _ policy: GuestHardware.ThreadPolicy, _ free: Set<Int>, _ siblings: [Set<Int>]
    ) -> CPUPins? {
        let known = siblings.reduce(into: Set<Int>()) { $0.formUnion($1) }
        let cores = siblings + free.subtracting(known).map { [$0] }
        func lowest(_ left: Set<Int>, _ right: Set<Int>) -> Bool { left.min() ?? 0 < right.min() ?? 0 }
        var pins = CPUPins()
        switch policy {
        case .isolate:
            for core in cores.filter({ $0.isSubset(of: free) }).sorted(by: lowest).prefix(count) {
                pins.cpus.append(core.min() ?? 0)
                pins.held.formUnion(core)
            }
        case .prefer, .require:
            // Whole cores first, so that few are shared with other guests.
            let parts = cores.map { $0.intersection(free) }.filter { policy == .prefer ? !$0.isEmpty : $0.count > 1 }
            for part in parts.sorted(by: { $0.count == $1.count ? lowest($0, $1) : $0.count > $1.count }) {
                pins.cpus += part.sorted().prefix(count - pins.cpus.count)
            }
            pins.held = Set(pins.cpus)
        }
        return pins.cpus.count == count ? pins : nil
    }
}
