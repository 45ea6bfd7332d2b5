import CloudKit
import NovaCore
import NovaModel

/// What users and mishaps do to a simulated cloud: decided by a seed alone, before anything happens.
struct ChurnPlan: Sendable, Equatable {
    enum Action: String, Sendable {
        case create
        case delete
        case start
        case stop
        case rebootSoft
        case rebootHard

        var change: PowerActionState.Action? { PowerActionState.Action(rawValue: rawValue) }
        /// What a server is after it.
        var success: VMState {
            switch self {
            case .delete: .deleted
            case .stop: .stopped
            default: .active
            }
        }
    }
    /// What a client does to one of its servers, after a pause.
    struct Step: Sendable, Equatable {
        var pause: Duration
        var action: Action
        /// The client's own number for it.
        var server: Int
    }
    enum Mishap: Sendable, Equatable {
        /// A compute host's service dies and comes back.
        case host(Int, away: Duration)
        case conductor(Int, away: Duration)
        /// So many commits of a database fail.
        case database(String, times: Int)
    }
    struct Blow: Sendable, Equatable {
        var pause: Duration
        var mishap: Mishap
    }

    let seed: UInt64
    private(set) var clients: [[Step]] = []
    private(set) var mishaps: [Blow] = []

    /// - Parameter length: of all of it; its pauses are about two thirds, the rest is waiting for what was asked.
    init(seed: UInt64, lasting length: Duration, clients: Int, hosts: Int, conductors: Int) {
        self.seed = seed
        let length = length * 2 / 3
        var chance = SplitMix64(seed: seed)
        for _ in 0..<clients { self.clients.append(Self.steps(length, &chance)) }
        var time = Duration.zero
        while time < length {
            let pause = Duration.seconds(Int.random(in: 15...60, using: &chance))
            let mishap: Mishap =
                switch Int.random(in: 0..<10, using: &chance) {
                case 0..<6:
                    .host(
                        Int.random(in: 0..<hosts, using: &chance),
                        away: .seconds(Int.random(in: 1...60, using: &chance)))
                case 6..<9:
                    .conductor(
                        Int.random(in: 0..<conductors, using: &chance),
                        away: .seconds(Int.random(in: 1...20, using: &chance)))
                default:
                    .database(
                        ["nova", "placement", "network"].randomElement(using: &chance) ?? "nova",
                        times: Int.random(in: 1...3, using: &chance))
                }
            mishaps.append(Blow(pause: pause, mishap: mishap))
            time += pause
        }
    }

    var count: Int { clients.reduce(0) { $0 + $1.count } }

    /// What one client does: it knows what its servers are, as everything it asks for is done in the end.
    private static func steps(_ length: Duration, _ chance: inout SplitMix64) -> [Step] {
        var steps: [Step] = []
        var servers: [(number: Int, isActive: Bool)] = []
        var time = Duration.zero
        var created = 0
        while time < length {
            let pause = Duration.seconds(Int.random(in: 4...20, using: &chance))
            time += pause
            if servers.count < 2 || servers.count < 5 && Int.random(in: 0..<3, using: &chance) == 0 {
                created += 1
                servers.append((created, true))
                steps.append(Step(pause: pause, action: .create, server: created))
                continue
            }
            let place = Int.random(in: servers.indices, using: &chance)
            let actions: [Action] =
                servers[place].isActive ? [.stop, .delete, .rebootSoft, .rebootHard] : [.start, .delete]
            let action = actions.randomElement(using: &chance) ?? .delete
            steps.append(Step(pause: pause, action: action, server: servers[place].number))
            if action == .delete {
                servers.remove(at: place)
            } else {
                servers[place].isActive = action != .stop
            }
        }
        return steps + servers.map { Step(pause: .zero, action: .delete, server: $0.number) }
    }
}
