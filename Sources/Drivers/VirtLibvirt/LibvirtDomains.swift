import CLibvirt
import Glibc
import Logging
import NovaCore
import NovaModel
import NovaXML
import VirtDriver

/// The domains of our instances on one libvirt connection: what all kinds of guests have in common.
///
/// Only domains whose metadata carries the cloud's and the host's id are seen; another's domain of the same UUID is
/// a conflict, never touched.
final class LibvirtDomains: Sendable {
    let context: VirtDriverContext
    let options: LibvirtOptions
    let connection: LibvirtConnection
    /// Instances whose state changed, for one consumer; ends with ``close()``.
    let events: AsyncStream<LifecycleEvent>
    private let sink = LibvirtEventSink()
    private let continuation: AsyncStream<LifecycleEvent>.Continuation
    private let watcher: Task<Void, Never>

    /// The connection is opened by the first call.
    init(_ context: VirtDriverContext, options: LibvirtOptions, log: Logger) {
        self.context = context
        self.options = options
        let connection = LibvirtConnection(options, events: sink, log: log)
        self.connection = connection
        let (events, continuation) = AsyncStream<LifecycleEvent>.makeStream(bufferingPolicy: .bufferingNewest(10_000))
        (self.events, self.continuation) = (events, continuation)
        // Not structured: it lives as long as the driver and ends with the stream of identifiers.
        watcher = Task { [identifiers = sink.identifiers] in
            for await id in identifiers {
                // An event that cannot be looked at is made good by the periodic sync.
                guard let state = try? await Self.powerState(id, context, connection) else { continue }
                continuation.yield(LifecycleEvent(id, state))
            }
        }
    }

    func close() {
        sink.finish()
        watcher.cancel()
        connection.close()
        continuation.finish()
    }

    /// What the host has.
    ///
    /// - Parameter type: Nova's word for the kind of hypervisor.
    func hostResources(type: String) async throws -> HostResources {
        let context = context
        return try await connection.run("read the host's resources") { connection in
            var info = virNodeInfo()
            guard virNodeGetInfo(connection, &info) == 0 else { throw LibvirtError.last() }
            var version: UInt = 0
            // Hypervisors without a version count as 0.
            _ = virConnectGetVersion(connection, &version)
            var resources = HostResources()
            resources.vcpus = Int64(info.cpus)
            resources.memoryMB = Int64(info.memory / 1024)
            resources.hypervisorType = type
            resources.hypervisorVersion = Int64(clamping: version)
            resources.architecture = withUnsafeBytes(of: info.model) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            resources.cpuInfo = [
                "arch": resources.architecture, "sockets": String(info.sockets), "cores": String(info.cores),
                "threads": String(info.threads), "cells": String(info.nodes), "mhz": String(info.mhz),
            ]
            resources.runningInstances = Int64(
                try Self.owned(connection, context).values.count { $0 == .running })
            return resources
        }
    }

    // MARK: Life cycle

    /// Defines the domain anew unless it runs, and starts it: from its saved memory when it has some and that is asked for.
    ///
    /// Nobody can stop a call that hangs in libvirtd: when it ends after its caller has given up, it undoes itself.
    ///
    /// - Parameter prepare: run just before a domain is started that does not run.
    func start(
        _ instance: InstanceSpec, _ xml: String, keepsSavedMemory: Bool = false,
        prepare: @escaping @Sendable () -> Void = {}
    ) async throws {
        let context = context
        let deadline = Deadline.after(options.startTimeout)
        let action = "define and start instance \(instance.id)"
        try await connection.run(action, within: options.startTimeout) { connection in
            if let domain = try LibvirtDomain.find(instance.id, on: connection) {
                try Self.check(domain, instance.id, context)
                if domain.isActive { return }
                if !keepsSavedMemory { try domain.forgetSavedMemory() }
            }
            guard !deadline.hasPassed else { return }
            prepare()
            guard let pointer = virDomainDefineXML(connection, xml) else { throw LibvirtError.last() }
            let domain = LibvirtDomain(owning: pointer)
            if !deadline.hasPassed { try domain.start() }
            if deadline.hasPassed {
                try domain.stop()
                try domain.undefine()
            }
        }
    }

    /// Starts a domain that was not there; nothing is left behind when that fails.
    func spawn(_ instance: InstanceSpec, start: () async throws -> Void) async throws {
        do {
            try await start()
        } catch {
            // What fails here too is found by the orphan sweep.
            try? await destroy(instance.id)
            throw NovaError(error).during("start instance \(instance.id)")
        }
    }

    /// Makes a domain known; one that is there stays as it is.
    func define(_ instance: InstanceSpec, _ xml: String) async throws {
        let context = context
        try await connection.run("define instance \(instance.id)") { connection in
            if let domain = try LibvirtDomain.find(instance.id, on: connection) {
                return try Self.check(domain, instance.id, context)
            }
            guard let pointer = virDomainDefineXML(connection, xml) else { throw LibvirtError.last() }
            _ = LibvirtDomain(owning: pointer)
        }
    }

    /// Stops a domain at once and forgets it; succeeds when there is none.
    func destroy(_ id: ServerID) async throws {
        let context = context
        try await connection.run("destroy instance \(id)") { connection in
            guard let domain = try LibvirtDomain.find(id, on: connection) else { return }
            try Self.check(domain, id, context)
            try domain.stop()
            try domain.undefine()
        }
    }

    /// Stops a domain: asks its guest first when a time is given, then switches it off.
    ///
    /// - Parameter ask: how a guest of this kind is asked.
    func powerOff(
        _ id: ServerID, graceful timeout: Duration?,
        ask: @escaping @Sendable (borrowing LibvirtDomain) throws -> Void
    ) async throws {
        guard try await powerState(id) != nil else {
            throw NovaError(.notFound, "Instance \(id) could not be found.", details: "libvirt has no such domain")
        }
        if let timeout, timeout > .zero, try await shutdown(id, within: timeout, ask) { return }
        let context = context
        try await connection.run("switch off instance \(id)") { connection in
            guard let domain = try LibvirtDomain.find(id, on: connection) else { return }
            try Self.check(domain, id, context)
            try domain.stop()
        }
    }

    /// Asks the guest to shut down, again every 10 seconds; false when it still runs at the end.
    private func shutdown(
        _ id: ServerID, within timeout: Duration, _ ask: @escaping @Sendable (borrowing LibvirtDomain) throws -> Void
    ) async throws -> Bool {
        let context = context
        let deadline = Deadline.after(timeout)
        var asked: ContinuousClock.Instant?
        while true {
            let askNow = asked.map { $0.duration(to: .now) > .seconds(10) } ?? true
            if askNow { asked = .now }
            let state: PowerState? = try await connection.run("shut down instance \(id)") { connection in
                guard let domain = try LibvirtDomain.find(id, on: connection) else { return nil }
                try Self.check(domain, id, context)
                let state = try domain.powerState()
                guard state == .running else { return state }
                if askNow { try ask(domain) }
                return try domain.powerState()
            }
            if state != .running, state != .paused, state != .suspended { return true }
            // A paused guest cannot answer.
            if state != .running || deadline.hasPassed { return false }
            try await Task.sleep(for: min(.milliseconds(300), deadline.remaining))
        }
    }

    // MARK: Looking

    func powerState(_ id: ServerID) async throws -> PowerState? {
        try await Self.powerState(id, context, connection)
    }

    func powerStates() async throws -> [ServerID: PowerState] {
        let context = context
        return try await connection.run("list instances") { try Self.owned($0, context) }
    }

    /// Runs calls on the domain of one of our instances.
    ///
    /// - Throws: ``NovaError`` `notFound` when there is none; as ``LibvirtConnection/run(_:within:_:)``.
    func onDomain<T: Sendable>(
        _ id: ServerID, _ action: String, within limit: Duration? = nil,
        _ body: @escaping @Sendable (borrowing LibvirtDomain) throws -> T
    ) async throws -> T {
        let context = context
        return try await connection.run("\(action) instance \(id)", within: limit) { connection in
            guard let domain = try LibvirtDomain.find(id, on: connection) else {
                throw NovaError(
                    .notFound, "Instance \(id) could not be found.", details: "libvirt has no such domain")
            }
            try Self.check(domain, id, context)
            return try body(domain)
        }
    }

    private static func powerState(
        _ id: ServerID, _ context: VirtDriverContext, _ connection: LibvirtConnection
    ) async throws -> PowerState? {
        try await connection.run("look at instance \(id)") { connection in
            guard let domain = try LibvirtDomain.find(id, on: connection), let mark = try domain.mark(),
                mark.belongs(to: context)
            else { return nil }
            return try domain.powerState()
        }
    }

    /// Refuses a domain that is not ours.
    static func check(
        _ domain: borrowing LibvirtDomain, _ id: ServerID, _ context: VirtDriverContext
    ) throws {
        guard let mark = try domain.mark(), mark.belongs(to: context), mark.serverID == id else {
            throw NovaError(
                .conflict, "The compute host has another's virtual machine of the same id.",
                details: "domain \(id) does not carry this cloud's and host's mark; it is left alone")
        }
    }

    private static func owned(
        _ connection: OpaquePointer, _ context: VirtDriverContext
    ) throws -> [ServerID: PowerState] {
        var list: UnsafeMutablePointer<virDomainPtr?>?
        let count = virConnectListAllDomains(connection, &list, 0)
        guard count >= 0 else { throw LibvirtError.last() }
        defer { free(list) }
        var states: [ServerID: PowerState] = [:]
        var failure: (any Error)?
        for index in 0..<Int(count) {
            guard let pointer = list?[index] else { continue }
            let domain = LibvirtDomain(owning: pointer)
            do {
                guard let mark = try domain.mark(), mark.belongs(to: context) else { continue }
                states[mark.serverID] = try domain.powerState()
            } catch let error as LibvirtError where error.isNoDomain {
                continue  // gone since the list was made
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return states
    }
}
