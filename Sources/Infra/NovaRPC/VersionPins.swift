import NovaCore
import NovaMessaging
import Synchronization

/// Which queues are served by workers that are too old for a newer version of an interface, as a refusal has told.
///
/// A pin is short: while a cloud is upgraded the newer version comes into use by itself.
final class VersionPins: Sendable {
    private static let lifetime = Duration.seconds(30)
    private static let limit = 1_000

    private struct Key: Hashable {
        let interface: String
        let queue: QueueName
    }
    private struct Pin {
        let refused: UInt16
        let end: Deadline
    }
    private let pins = Mutex<[Key: Pin]>([:])

    /// Notes that nobody at a queue serves a version of an interface.
    func refused(_ version: UInt16, of interface: String, at queue: QueueName) {
        pins.withLock { pins in
            if pins.count >= Self.limit { pins = pins.filter { !$0.value.end.hasPassed } }
            guard pins.count < Self.limit else { return }
            pins[Key(interface: interface, queue: queue)] = Pin(refused: version, end: .after(Self.lifetime))
        }
    }

    /// Whether a version was refused a short while ago.
    func isTooNew(_ version: UInt16, of interface: String, at queue: QueueName) -> Bool {
        pins.withLock { pins in
            guard let pin = pins[Key(interface: interface, queue: queue)], version >= pin.refused else { return false }
            return !pin.end.hasPassed
        }
    }
}
