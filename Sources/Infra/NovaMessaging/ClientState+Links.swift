import NovaCore

// The peer's connections to the brokers.
extension ClientState {
    func greet(_ index: Int) {
        links[index].phase = .greeting
        links[index].lastHeard = now
        var hello = MessageHeader(.hello, id: nextID())
        hello.since = UInt16(MessageHeader.version)
        hello.principal = name
        hello.remaining = min(max(1, now - started), Int64(UInt32.max))
        if links[index].epoch > 0 {
            hello.flags.insert(.returning)
            hello.amount = links[index].boot
        }
        send(index, hello)
    }

    func welcome(_ header: MessageHeader, _ index: Int) {
        links[index].welcomed(boot: header.amount, startedAt: now - header.remaining)
        jobs.dropWaiting(at: index, exceptBoot: header.amount)
        rehome()
        // What subscribers of the fanouts at that broker missed meanwhile, nobody knows.
        guard links[index].epoch > 1 else { return }
        for queue in servedQueues where queue.kind == .fanout { actions.append(.missed(queue, 0)) }
    }

    func lost(_ index: Int) {
        guard links[index].phase != .closed else { return }
        links[index].ended()
        rehome()
    }
}
