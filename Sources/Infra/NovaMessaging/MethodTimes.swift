public import NovaWire

/// How long one method's messages waited for a worker, and how long workers took.
public struct MethodStatus: Record, Equatable {
    /// The upper bounds of the buckets in milliseconds; a last one has the rest.
    public static let bounds: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000]

    public var interface = ""
    public var method: Int64 = 0
    /// Messages per bucket by the time until a worker got them.
    public var waiting = [Int64](repeating: 0, count: bounds.count + 1)
    /// The sum of the waiting times in milliseconds.
    public var waitingSum: Int64 = 0
    /// Messages per bucket by the time from the worker's getting them to its answer.
    public var service = [Int64](repeating: 0, count: bounds.count + 1)
    /// The sum of the service times in milliseconds.
    public var serviceSum: Int64 = 0

    public init() {}

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("interface", &interface)
        visitor.visit("method", &method)
        visitor.visit("waiting", &waiting)
        visitor.visit("waiting_sum", &waitingSum)
        visitor.visit("service", &service)
        visitor.visit("service_sum", &serviceSum)
    }
}

/// The times of all methods that came by, up to a bound.
struct MethodTimes {
    private struct Key: Hashable {
        let interface: String
        let method: UInt16

        init(_ header: MessageHeader) {
            interface = header.interface.isEmpty ? header.queue.topic : header.interface
            method = header.method
        }
    }
    private static let limit = 1_000

    private var times: [Key: MethodStatus] = [:]

    mutating func waited(_ header: MessageHeader, _ milliseconds: Int64) {
        change(header) { status in
            status.waiting[Self.bucket(milliseconds)] += 1
            status.waitingSum += max(0, milliseconds)
        }
    }

    mutating func served(_ header: MessageHeader, _ milliseconds: Int64) {
        change(header) { status in
            status.service[Self.bucket(milliseconds)] += 1
            status.serviceSum += max(0, milliseconds)
        }
    }

    /// All methods in the order of their names.
    var list: [MethodStatus] { times.values.sorted { ($0.interface, $0.method) < ($1.interface, $1.method) } }

    private mutating func change(_ header: MessageHeader, _ body: (inout MethodStatus) -> Void) {
        let key = Key(header)
        if times[key] == nil {
            guard times.count < Self.limit else { return }
            var status = MethodStatus()
            status.interface = key.interface
            status.method = Int64(key.method)
            times[key] = status
        }
        body(&times[key, default: MethodStatus()])
    }

    private static func bucket(_ milliseconds: Int64) -> Int {
        MethodStatus.bounds.firstIndex { milliseconds <= $0 } ?? MethodStatus.bounds.count
    }
}
