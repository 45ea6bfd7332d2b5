import NovaCore
import NovaModel
import Synchronization

/// The power states that the conductor has been told, so that only changes are reported.
final class KnownPowerStates: Sendable {
    private let states = Mutex<[ServerID: PowerState]>([:])

    func set(_ id: ServerID, _ state: PowerState) { states.withLock { $0[id] = state } }
    func forget(_ id: ServerID) { states.withLock { $0[id] = nil } }
    func replace(_ new: [ServerID: PowerState]) { states.withLock { $0 = new } }
    func isKnown(_ id: ServerID, _ state: PowerState) -> Bool { states.withLock { $0[id] == state } }
}
