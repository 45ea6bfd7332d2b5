import ArgumentParser
import NovaCore
import NovaSchema

/// Plans, starts and watches the moves of a host's servers.
struct HostMoves {
    private static let path = "/os-nova-drains"
    /// For a plan of thousands of servers, whose hosts are all asked.
    private static let planTime = Duration.seconds(300)
    private static let poll = Duration.milliseconds(200)

    let session: CloudSession
    let output: OutputOptions
    let host: String
    /// `drain`, `evacuate`, `return`.
    let kind: String

    /// How an operator asks about it.
    private var command: String { kind == "return" ? "undrain \(host) --return" : "\(kind) \(host)" }

    /// Does what an operator wants of the host.
    func run(_ options: HostMoveOptions, cold: Bool, question: String) async throws {
        if options.status { return try await status(watches: options.watch) }
        if options.stop { return try await stop() }
        try await move(cold: cold, dryRun: options.dryRun, yes: options.yes, question: question)
    }

    /// Shows the plan, asks, and does it.
    ///
    /// - Parameter question: asked before anything is done; `%d` stands for the number of servers.
    func move(cold: Bool, dryRun: Bool = false, yes: Bool, question: String) async throws {
        let plan = try await self.plan(cold: cold)
        let id = plan["id"]?.stringValue ?? ""
        if !output.json { Console.write(HostMovesView.plan(plan)) }
        guard !dryRun else {
            try await forget(id)
            if output.json { Console.write(plan.text) }
            return
        }
        let count = plan["waiting"]?.integerValue ?? 0
        do {
            try Confirmation.ask(question.replacing("%d", with: "\(count)"), isGiven: yes)
        } catch {
            try await forget(id)
            throw error
        }
        _ = try await session.post(.compute, "\(Self.path)/\(id)/action", ["start": .null])
        try await finish(try await follow(id))
    }

    /// Stops what moves servers off the host, and waits for the moves that are under way.
    func endDrain() async throws {
        guard let active = try await latest(where: { Self.isActive($0) }), let id = active["id"]?.stringValue else {
            return
        }
        if active["state"]?.stringValue == "running" {
            Console.complain("Stopping what moves servers of \(host).")
            _ = try await session.post(.compute, "\(Self.path)/\(id)/action", ["stop": .null])
        }
        _ = try await follow(id)
    }

    // MARK: Steps

    private func plan(cold: Bool) async throws -> JSONValue {
        let body: JSONValue = ["drain": ["host": .string(host), "kind": .string(kind), "cold": .bool(cold)]]
        do {
            return try await session.post(.compute, Self.path, body, within: Self.planTime)["drain"] ?? .null
        } catch let error as NovaError where error.code == .notFound {
            throw Resource.missing("host", host)
        }
    }

    private func forget(_ id: String) async throws { try await session.delete(.compute, "\(Self.path)/\(id)") }

    private func show(_ id: String) async throws -> JSONValue {
        try await session.get(.compute, "\(Self.path)/\(id)")["drain"] ?? .null
    }

    private func latest(where fits: (JSONValue) -> Bool) async throws -> JSONValue? {
        let all = try await session.get(.compute, Self.path, [("host", host)])["drains"]?.arrayValue ?? []
        return all.first(where: fits)
    }

    static func isActive(_ drain: JSONValue) -> Bool {
        ["running", "stopping"].contains(drain["state"]?.stringValue ?? "")
    }

    /// Tells how far it is until it ends; Ctrl-C ends only the telling.
    private func follow(_ id: String) async throws -> JSONValue {
        Interrupt.watch()
        var told = ""
        var last = ContinuousClock.now - .seconds(1)
        while true {
            let found = try await latest { $0["id"]?.stringValue == id }
            guard let drain = found else { throw NovaError(.gone, "The plan \(id) is no longer there.") }
            let isActive = Self.isActive(drain)
            let text = HostMovesView.progress(drain)
            if text != told, !isActive || ContinuousClock.now - last >= .seconds(1) {
                Console.complain(text)
                told = text
                last = .now
            }
            guard isActive else { return try await show(id) }
            guard !Interrupt.isPending else {
                Console.complain(
                    """
                    It goes on without this command. See how far it is: novactl host \(command) --status --watch
                    Begin no more moves: novactl host \(command) --stop
                    """)
                throw ExitCode(130)
            }
            try await Task.sleep(for: Self.poll)
        }
    }

    private func finish(_ drain: JSONValue) async throws {
        Console.write(output.json ? drain.text : HostMovesView.result(drain))
        if HostMovesView.left(drain) > 0 || drain["state"]?.stringValue != "done" { throw ExitCode.failure }
    }

    private func status(watches: Bool) async throws {
        let last = try await latest { $0["kind"]?.stringValue == kind && $0["state"]?.stringValue != "planned" }
        guard let id = last?["id"]?.stringValue else {
            throw NovaError(.notFound, "Host \(host) has no \(kind). Make a plan: novactl host \(command) --dry-run")
        }
        if watches { return try await finish(try await follow(id)) }
        let drain = try await show(id)
        guard !output.json else { return Console.write(drain.text) }
        Console.write(HostMovesView.moves(drain))
        Console.write(HostMovesView.progress(drain))
    }

    private func stop() async throws {
        let active = try await latest { Self.isActive($0) && $0["kind"]?.stringValue == kind }
        guard let id = active?["id"]?.stringValue else {
            throw NovaError(.conflict, "Nothing is under way: there is no \(kind) of \(host) to stop.")
        }
        _ = try await session.post(.compute, "\(Self.path)/\(id)/action", ["stop": .null])
        try await finishStop(id)
    }

    private func finishStop(_ id: String) async throws {
        let drain = try await follow(id)
        guard !output.json else { return Console.write(drain.text) }
        let more = kind == "drain" ? " Host \(host) takes no servers until novactl host undrain \(host)." : ""
        Console.write("Stopped.\(more)")
    }
}
