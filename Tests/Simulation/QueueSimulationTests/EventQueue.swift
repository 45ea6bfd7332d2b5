/// Things to happen, the soonest first, in the order of their making when at the same time.
///
/// Of one type and without tuples: in a debug build generic ones took a quarter of a simulation's time.
struct EventQueue {
    private struct Entry {
        let at: Int64
        let order: Int
        let event: QueueSimulation.Event
    }

    private var heap: [Entry] = []
    private var made = 0

    var isEmpty: Bool { heap.isEmpty }

    mutating func add(_ event: QueueSimulation.Event, at: Int64) {
        made += 1
        heap.append(Entry(at: at, order: made, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isSooner(child, than: parent) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (at: Int64, event: QueueSimulation.Event)? {
        guard let first = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            let left = 2 * parent + 1
            if left < heap.count, isSooner(left, than: least) { least = left }
            if left + 1 < heap.count, isSooner(left + 1, than: least) { least = left + 1 }
            guard least != parent else { return (first.at, first.event) }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isSooner(_ one: Int, than other: Int) -> Bool {
        let (time, otherTime) = (heap[one].at, heap[other].at)
        return time == otherTime ? heap[one].order < heap[other].order : time < otherTime
    }
}
