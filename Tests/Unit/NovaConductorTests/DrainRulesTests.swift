import NovaCore
import NovaModel
import NovaStore
import Testing

@testable import NovaConductor

@Suite("What a drain does with a server")
struct DrainRulesTests {
    private func server(_ vmState: VMState, task: TaskState? = nil) -> ServerRecord {
        var server = ServerRecord()
        server.id = .random()
        server.host = "h1"
        server.vmState = vmState
        server.taskState = task
        server.launchedAt = .now()
        return server
    }

    private func answer(_ server: ServerRecord, _ purpose: DrainPurpose = .drain, isCold: Bool = false)
        -> DrainRules.Answer
    {
        DrainRules.answer(server, purpose, isCold: isCold)
    }

    @Test("what runs goes live, what is stopped goes cold, and with --cold all go cold")
    func ways() {
        #expect(answer(server(.active)) == .move(.live))
        #expect(answer(server(.paused)) == .move(.live))
        #expect(answer(server(.stopped)) == .move(.cold))
        #expect(answer(server(.active), isCold: true) == .move(.cold))
        #expect(answer(server(.active), .giveBack) == .move(.live))
        for state in [VMState.active, .stopped, .error] {
            #expect(answer(server(state, task: .rebooting), .evacuate) == .move(.evacuate))
        }
    }

    @Test("what is busy is waited for, and what is going is left alone")
    func busy() {
        #expect(answer(server(.active, task: .rebooting)) == .wait(.live, "It is busy: rebooting."))
        #expect(answer(server(.stopped, task: .poweringOn)) == .wait(.cold, "It is busy: powering-on."))
        #expect(answer(server(.building, task: .spawning)) == .wait(.live, "It is being built."))
        #expect(answer(server(.active, task: .deleting)) == .leave)
        #expect(answer(server(.active, task: .softDeleting)) == .leave)
    }

    @Test(
        "what cannot be moved as it is names the next step",
        arguments: [
            (VMState.suspended, "server resume"), (.rescued, "server unrescue"), (.resized, "resize confirm"),
            (.shelved, "shelve --offload"), (.softDeleted, "delete --force"), (.error, "reboot --hard"),
        ])
    func blocked(state: VMState, step: String) {
        guard case .block(let why) = answer(server(state)) else {
            Issue.record("\(answer(server(state)))")
            return
        }
        #expect(why.contains(step))
    }

    @Test("a paused server cannot be stopped for its move, and a suspended one cannot be made anew")
    func unfit() {
        guard case .block(let why) = answer(server(.paused), isCold: true) else { return #expect(Bool(false)) }
        #expect(why.contains("unpause"))
        guard case .block = answer(server(.suspended), .evacuate) else { return #expect(Bool(false)) }
    }

    // MARK: Outcomes

    private func move(_ way: MoveWay, _ state: DrainMove.State = .moving, attempts: Int64 = 1) -> DrainMove {
        var move = DrainMove()
        move.way = way
        move.state = state
        move.source = "h1"
        move.target = "h2"
        move.attempts = attempts
        return move
    }

    private func workflow(_ state: WorkflowRecord.State, _ code: NovaError.Code? = nil) -> WorkflowRecord {
        var workflow = WorkflowRecord(kind: "any", server: .none, context: .system(), data: [])
        workflow.state = state
        workflow.error = code.map { WorkflowError(NovaError($0, "why")) }
        return workflow
    }

    private func outcome(
        _ move: DrainMove, _ workflow: WorkflowRecord?, _ change: (inout ServerRecord) -> Void = { _ in },
        purpose: DrainPurpose = .drain, waits: Bool = true
    ) -> DrainRules.Outcome {
        var server = server(.active)
        server.host = "h2"
        change(&server)
        return DrainRules.outcome(move, purpose, workflow, server, waitsForConfirmation: waits)
    }

    @Test("a live move has ended with its workflow, whatever that still owes")
    func live() {
        #expect(outcome(move(.live), workflow(.succeeded)) == .moved)
        #expect(outcome(move(.live), workflow(.owed)) == .moved)
        #expect(outcome(move(.evacuate), workflow(.owed)) == .moved)
        // An error of our own after the guest had arrived.
        #expect(outcome(move(.live), workflow(.failed, .internal)) == .moved)
    }

    @Test("a cold move is confirmed at once, unless its user does it")
    func cold() {
        #expect(outcome(move(.cold), workflow(.succeeded), { $0.vmState = .resized }) == .confirm)
        #expect(outcome(move(.cold), workflow(.succeeded), { $0.vmState = .resized }, waits: false) == .wait)
        #expect(
            outcome(
                move(.cold), workflow(.succeeded),
                {
                    $0.vmState = .resized
                    $0.taskState = .resizeReverting
                }) == .wait)
        #expect(outcome(move(.cold), workflow(.succeeded)) == .moved)
        #expect(
            outcome(move(.cold), workflow(.succeeded), { $0.host = "h1" }) == .failed("Its move was taken back."))
        #expect(outcome(move(.cold, .confirming), workflow(.owed)) == .moved)
        #expect(outcome(move(.cold, .confirming), workflow(.succeeded)) == .moved)
    }

    @Test("what fails is tried once more, but for what was refused or what must go to one host")
    func failures() {
        let stayed: (inout ServerRecord) -> Void = { $0.host = "h1" }
        #expect(outcome(move(.live), workflow(.failed, .hypervisor), stayed) == .again("why"))
        #expect(outcome(move(.cold), workflow(.failed, .noValidHost), stayed) == .again("why"))
        #expect(outcome(move(.live, attempts: 2), workflow(.failed, .hypervisor), stayed) == .failed("why"))
        #expect(outcome(move(.live), workflow(.failed, .conflict), stayed) == .failed("why"))
        #expect(outcome(move(.live), workflow(.failed, .hypervisor), stayed, purpose: .giveBack) == .failed("why"))
        #expect(outcome(move(.live), workflow(.owed, .hypervisor), stayed) == .failed("why"))
        #expect(outcome(move(.live), nil, stayed) == .failed("What moved it is no longer known."))
    }

    @Test("a server that was deleted is gone")
    func gone() {
        let move = move(.live)
        #expect(
            outcome(move, workflow(.failed, .cancelled), { $0.taskState = .deleting }) == .gone("It is being deleted."))
        #expect(outcome(move, workflow(.succeeded), { $0.isDeleted = true }) == .gone("It was deleted."))
        #expect(
            DrainRules.outcome(move, .drain, nil, nil, waitsForConfirmation: false) == .gone("It was deleted."))
    }

    @Test("twice as many moves are under way as have ended of late, at least four and at most the limit")
    func pace() {
        #expect(DrainRules.limit(ended: 0, maximum: 32) == 4)
        #expect(DrainRules.limit(ended: 10, maximum: 32) == 20)
        #expect(DrainRules.limit(ended: 100, maximum: 32) == 32)
        #expect(DrainRules.limit(ended: 100, maximum: 1) == 1)
    }

    @Test("what is in the way stands first in a plan")
    func order() {
        func move(_ name: String, _ state: DrainMove.State) -> DrainMove {
            var move = DrainMove()
            move.serverName = name
            move.state = state
            return move
        }
        let moves = DrainPlanner.inOrder([
            move("a", .waiting), move("b", .blocked), move("c", .waiting), move("d", .blocked),
        ])
        #expect(moves.map(\.serverName) == ["b", "d", "a", "c"])
        #expect(moves.map(\.position) == [0, 1, 2, 3])
    }
}
