import Glibc
import NovaCore
import Synchronization

/// The process's one I/O thread for queue clients: it waits for all their sockets.
///
/// Other threads put commands into its inbox. While it sleeps they carry them out themselves, as that saves two
/// switches between threads; the lock of the sessions says who may touch the sockets.
final class ClientThread: Sendable {
    private struct Inbox {
        var commands: [ClientCommand] = []
        var isAsleep = false
        /// When the thread wants to look again, whatever comes.
        var sleepsUntil: Int64 = 0
    }

    /// A turn that took longer than it should by so much left messages unread meanwhile, in milliseconds.
    private static let standstill: Int64 = 100
    private static let current = Mutex<ClientThread?>(nil)

    private let inbox = Mutex(Inbox())
    /// Lock this one before the inbox.
    private let sessions = Mutex<[Int: ClientSession]>([:])
    private let wake: WakeDescriptor
    private let lastKey = Atomic<Int>(0)
    /// The thread that carries out commands for the one that sleeps.
    private let carrier = Atomic<UInt>(0)

    private init() throws { wake = try WakeDescriptor() }

    /// The process's thread; the first use starts it.
    static func shared() throws -> ClientThread {
        try current.withLock { current in
            if let current { return current }
            let thread = try ClientThread()
            try DedicatedThread.start("nova-queue-io") { thread.run() }
            current = thread
            return thread
        }
    }

    func newSession() -> Int { lastKey.add(1, ordering: .relaxed).newValue }

    func post(_ command: ClientCommand) {
        let until = inbox.withLock { inbox -> Int64? in
            inbox.commands.append(command)
            return inbox.isAsleep ? inbox.sleepsUntil : nil
        }
        guard let until else { return }
        let now = MonotonicClock.milliseconds()
        // Where the process stood still its thread looks first: it knows for how long.
        guard now - until < Self.standstill else { return wake.signal() }
        let me = UInt(pthread_self())
        // A command may lead to another one on the same thread, which holds the lock.
        guard carrier.load(ordering: .relaxed) != me else { return wake.signal() }
        let mayAllSleep = sessions.withLockIfAvailable { sessions in
            carrier.store(me, ordering: .relaxed)
            defer { carrier.store(0, ordering: .relaxed) }
            carryOut(&sessions, now: now)
            return sessions.values.allSatisfy { $0.isQuiet(until: until, now: now) }
        }
        if mayAllSleep != true { wake.signal() }
    }

    private func run() {
        var items: [pollfd] = []
        while true {
            let (now, wait) = sessions.withLock { prepare(&items, $0) }
            let ready = MonotonicClock.poll(&items, atMost: Int64(wait), wake: wake)
            inbox.withLock { $0.isAsleep = false }
            let woken = MonotonicClock.milliseconds()
            let delay = woken - now - Int64(wait)
            let age = delay > Self.standstill ? delay : 0
            if ready > 0, items[0].revents != 0 { wake.clear() }
            sessions.withLock { sessions in
                // Before the sockets are read: then one look finds what came in the meantime as well.
                for command in takeCommands() { perform(command, &sessions, now: woken) }
                // What waited long looks everywhere, should a descriptor ever have kept silent.
                for session in sessions.values {
                    session.read(items, all: wait > 0 && ready == 0, age: age, now: woken)
                }
                carryOut(&sessions, now: woken)
            }
        }
    }

    /// What to wait for, since when, and how long: until a message or a command comes, or something is due.
    private func prepare(_ items: inout [pollfd], _ sessions: [Int: ClientSession]) -> (now: Int64, wait: Int32) {
        let now = MonotonicClock.milliseconds()
        items.removeAll(keepingCapacity: true)
        items.append(pollfd(fd: wake.fd, events: Int16(POLLIN), revents: 0))
        var until = now + 60_000
        for session in sessions.values { until = min(until, session.prepare(&items, now: now)) }
        let mustRun = inbox.withLock { inbox in
            inbox.isAsleep = inbox.commands.isEmpty
            inbox.sleepsUntil = until
            return !inbox.isAsleep
        }
        return (now, mustRun ? 0 : Int32(clamping: max(0, until - now)))
    }

    private func takeCommands() -> [ClientCommand] {
        inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }

    /// Does what was asked for, and what is due.
    private func carryOut(_ sessions: inout [Int: ClientSession], now: Int64) {
        for command in takeCommands() { perform(command, &sessions, now: now) }
        for (key, session) in sessions {
            session.tick(now: now)
            if session.isClosed { sessions[key] = nil }
        }
    }

    private func perform(_ command: ClientCommand, _ sessions: inout [Int: ClientSession], now: Int64) {
        switch command {
        case .open(let key, let instance, let settings):
            sessions[key] = ClientSession(settings, instance: instance, now: now)
        case .awaitReady(let key, let deadline, let done):
            guard let session = sessions[key] else { return done.resume(returning: false) }
            session.awaitReady(deadline: deadline, done: done)
        case .submit(let key, let request, let done):
            guard let session = sessions[key] else { return done.resume(throwing: ClientState.closed) }
            session.submit(request, done: done, now: now)
        case .cancel(let key, let counter): sessions[key]?.cancel(counter, now: now)
        case .tell(let key, let header): sessions[key]?.tell(header, now: now)
        case .serve(let key, let service, let handlers, let deadline, let done):
            guard let session = sessions[key] else { return done.resume(returning: false) }
            session.serve(service, handlers, deadline: deadline, done: done, now: now)
        case .watch(let key, let watch): sessions[key]?.watch = watch
        case .settle(let key, let id, let kind, let body): sessions[key]?.settle(id, kind, body, now: now)
        case .close(let key, let deadline, let done):
            guard let session = sessions[key] else { return done.resume() }
            session.close(deadline: deadline, done: done, now: now)
        case .vanish(let key, let done):
            guard let session = sessions[key] else { return done.resume() }
            session.vanish(done, now: now)
            sessions[key] = nil
        }
    }
}
