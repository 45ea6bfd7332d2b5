import CLibvirt
import Glibc
public import Logging
public import NovaCore
public import NovaModel
import NovaProcess
import NovaXML
public import VirtDriver

/// Instances as libvirt domains.
///
/// Only domains whose metadata carries the cloud's and the host's id are seen; another's domain of the same UUID is
/// a conflict, never touched.
public final class LibvirtDriver: ConsoleTextDriver {
    public let name = "libvirt"
    public let isReal = true
    public let events: AsyncStream<LifecycleEvent>

    let context: VirtDriverContext
    let options: LibvirtOptions
    let connection: LibvirtConnection
    private let files = WorkerThreads(name: "console", count: 1)
    private let sink = LibvirtEventSink()
    private let continuation: AsyncStream<LifecycleEvent>.Continuation
    private let diskCache: String
    private let watcher: Task<Void, Never>

    /// Makes the driver; the connection is opened by the first call.
    public init(_ context: VirtDriverContext, options: LibvirtOptions, log: Logger) {
        self.context = context
        self.options = options
        let connection = LibvirtConnection(options, events: sink, log: log)
        self.connection = connection
        diskCache = options.diskCache.isEmpty ? DiskCache.mode(for: context.instancesPath) : options.diskCache
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

    public func close() async {
        sink.finish()
        watcher.cancel()
        connection.close()
        continuation.finish()
    }

    public func hostResources() async throws -> HostResources {
        let context = context
        let virtType = options.virtType
        return try await connection.run("read the host's resources") { connection in
            var info = virNodeInfo()
            guard virNodeGetInfo(connection, &info) == 0 else { throw LibvirtError.last() }
            var version: UInt = 0
            // Hypervisors without a version count as 0.
            _ = virConnectGetVersion(connection, &version)
            var resources = HostResources()
            resources.vcpus = Int64(info.cpus)
            resources.memoryMB = Int64(info.memory / 1024)
            resources.hypervisorType = virtType == "test" ? "TEST" : "QEMU"
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

    public func spawn(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        let xml = document(instance, parts)
        do {
            try await start(instance, xml)
        } catch {
            // Nothing is left behind; what fails here too is found by the orphan sweep.
            try? await destroy(instance.id)
            throw NovaError(error).during("start instance \(instance.id)")
        }
    }

    public func destroy(_ id: ServerID) async throws {
        let context = context
        try await connection.run("destroy instance \(id)") { connection in
            guard let domain = try LibvirtDomain.find(id, on: connection) else { return }
            try Self.check(domain, id, context)
            try domain.stop()
            try domain.undefine()
        }
    }

    public func powerOn(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        try await start(instance, document(instance, parts))
    }

    public func define(_ instance: InstanceSpec, parts: InstanceParts) async throws {
        let (context, xml) = (context, document(instance, parts))
        try await connection.run("define instance \(instance.id)") { connection in
            if let domain = try LibvirtDomain.find(instance.id, on: connection) {
                return try Self.check(domain, instance.id, context)
            }
            guard let pointer = virDomainDefineXML(connection, xml) else { throw LibvirtError.last() }
            _ = LibvirtDomain(owning: pointer)
        }
    }

    public func powerOff(_ id: ServerID, graceful timeout: Duration?) async throws {
        guard try await powerState(id) != nil else {
            throw NovaError(.notFound, "Instance \(id) could not be found.", details: "libvirt has no such domain")
        }
        if let timeout, timeout > .zero, try await shutdown(id, within: timeout) { return }
        let context = context
        try await connection.run("switch off instance \(id)") { connection in
            guard let domain = try LibvirtDomain.find(id, on: connection) else { return }
            try Self.check(domain, id, context)
            try domain.stop()
        }
    }

    public func reboot(_ instance: InstanceSpec, parts: InstanceParts, graceful timeout: Duration?) async throws {
        if try await powerState(instance.id) != nil { try await powerOff(instance.id, graceful: timeout) }
        try await powerOn(instance, parts: parts)
    }

    public func powerState(_ id: ServerID) async throws -> PowerState? {
        try await Self.powerState(id, context, connection)
    }

    public func powerStates() async throws -> [ServerID: PowerState] {
        let context = context
        return try await connection.run("list instances") { try Self.owned($0, context) }
    }

    public func consoleText(_ id: ServerID, lines: Int?) async throws -> String {
        guard try await powerState(id) != nil else {
            throw NovaError(.notFound, "Instance \(id) could not be found.", details: "libvirt has no such domain")
        }
        let path = InstanceParts(folder: "\(context.instancesPath)/\(id)").consolePath
        return try await files.run(within: options.callTimeout, "read the console of \(id)") {
            ConsoleFile.tail(path, lines: lines)
        }
    }

    func document(_ instance: InstanceSpec, _ parts: InstanceParts) -> String {
        DomainDocument(
            context: context, options: options, diskCache: diskCache, instance: instance, parts: parts
        ).element.serialized()
    }

    /// Defines the domain anew unless it runs, and starts it: from its saved memory when it has some and that is asked for.
    ///
    /// Nobody can stop a call that hangs in libvirtd: when it ends after its caller has given up, it undoes itself.
    func start(_ instance: InstanceSpec, _ xml: String, keepsSavedMemory: Bool = false) async throws {
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
            guard let pointer = virDomainDefineXML(connection, xml) else { throw LibvirtError.last() }
            let domain = LibvirtDomain(owning: pointer)
            if !deadline.hasPassed { try domain.start() }
            if deadline.hasPassed {
                try domain.stop()
                try domain.undefine()
            }
        }
    }

    /// Asks the guest to shut down, again every 10 seconds; false when it still runs at the end.
    private func shutdown(_ id: ServerID, within timeout: Duration) async throws -> Bool {
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
                if askNow { try domain.requestShutdown() }
                return try domain.powerState()
            }
            if state != .running, state != .paused, state != .suspended { return true }
            // A paused guest cannot answer.
            if state != .running || deadline.hasPassed { return false }
            try await Task.sleep(for: min(.milliseconds(300), deadline.remaining))
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
