@testable import NovaMessaging

/// What a sender wanted, and what became of it.
struct SimulatedOperation {
    let id: MessageID
    let kind: MessageKind
    let queue: QueueName
    let isIdempotent: Bool
    let sender: Int
    let senderLife: Int
    let deadline: Int64
    var endedAt: Int64?
    /// Until when its sender had stood still for the last time before that.
    var awakeSince: Int64 = 0
    var isAccepted = false
    /// The broker to which its sender turned last.
    var home: (broker: Int, life: Int, turn: UInt8)?
    /// The one before, whose message it stays when the last one refuses it.
    var homeBefore: (broker: Int, life: Int, turn: UInt8)?
    /// A broker has taken the responsibility for it, and it passes on with the turns.
    var wasTakenOn = false
    var isReported = false
    var runs = 0
}
