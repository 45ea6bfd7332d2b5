import Glibc
import NovaCore
import Synchronization

/// The process's one I/O thread for queue clients: it owns all their sockets.
///
/// Other threads put commands into its inbox, and write its eventfd only when it sleeps.
final class ClientThread: Sendable {
    private struct Inbox {
        var commands: [ClientCommand] = []
        var isAsleep = false
    }

    /// A turn that took longer than it should by so much left messages unread meanwhile, in milliseconds.
    private static let standstill: Int64 = 100
    private static let current = Mutex<ClientThread?>(nil)

    private let inbox = Mutex(Inbox())
    private let wake: WakeDescriptor
    private let sessions = Atomic<Int>(0)

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

    func newSession() -> Int { sessions.add(1, ordering: .relaxed).newValue }

    func post(_ command: ClientCommand) {
        let mustWake = inbox.withLock { inbox in
            inbox.commands.append(command)
            defer { inbox.isAsleep = false }
            return inbox.isAsleep
        }
        if mustWake { wake.signal() }
    }

    private func run() {
        var sessions: [Int: ClientSession] = [:]
        var items: [pollfd] = []
        while true {
            let now = MonotonicClock.milliseconds()
            items.removeAll(keepingCapacity: true)
            items.append(pollfd(fd: wake.fd, events: Int16(POLLIN), revents: 0))
            var until = now + 60_000
            for session in sessions.values { until = min(until, session.prepare(&items, now: now)) }
            let mustRun = inbox.withLock { inbox in
                inbox.isAsleep = inbox.commands.isEmpty
                return !inbox.isAsleep
            }
            let wait = mustRun ? 0 : Int32(clamping: max(0, until - now))
            let ready = poll(&items, nfds_t(items.count), wait)
            let commands = inbox.withLock { inbox in
                inbox.isAsleep = false
                defer { inbox.commands = [] }
                return inbox.commands
            }
            let woken = MonotonicClock.milliseconds()
            let delay = woken - now - Int64(wait)
            let age = delay > Self.standstill ? delay : 0
            if ready > 0, items[0].revents != 0 { wake.clear() }
            // Before the sockets are read: then one look finds what came in the meantime as well.
            for command in commands { perform(command, &sessions, now: woken) }
            // What waited long looks everywhere, should a descriptor ever have kept silent.
            for session in sessions.values { session.read(items, all: wait > 0 && ready == 0, age: age, now: woken) }
            for (key, session) in sessions {
                session.tick(now: woken)
                if session.isClosed { sessions[key] = nil }
            }
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
        case .serve(let key, let service, let handlers, let deadline, let done):
            guard let session = sessions[key] else { return done.resume(returning: false) }
            session.serve(service, handlers, deadline: deadline, done: done, now: now)
        case .watch(let key, let watch): sessions[key]?.watch = watch
        case .settle(let key, let id, let kind, let body): sessions[key]?.settle(id, kind, body, now: now)
        case .close(let key, let deadline, let done):
            guard let session = sessions[key] else { return done.resume() }
            session.close(deadline: deadline, done: done, now: now)
        }
    }
}
