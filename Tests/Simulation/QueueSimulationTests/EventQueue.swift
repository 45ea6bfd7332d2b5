/// Things to happen, the soonest first, in the order of their making when at the same time.
struct EventQueue<Event> {
    private var heap: [(at: Int64, order: Int, event: Event)] = []
    private var made = 0

    var isEmpty: Bool { heap.isEmpty }

    mutating func add(_ event: Event, at: Int64) {
        made += 1
        heap.append((at, made, event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard (heap[child].at, heap[child].order) < (heap[parent].at, heap[parent].order) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (at: Int64, event: Event)? {
        guard let first = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if (heap[child].at, heap[child].order) < (heap[least].at, heap[least].order) { least = child }
            }
            guard least != parent else { return (first.at, first.event) }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
