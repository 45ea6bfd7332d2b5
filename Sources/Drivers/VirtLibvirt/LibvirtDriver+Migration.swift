import CLibvirt
import Glibc
import Logging
public import NovaCore
public import NovaModel
import NovaXML
import Synchronization
public import VirtDriver

// Peer to peer: this libvirtd speaks to the other one and QEMU to QEMU, all through doors of the compute services.
extension LibvirtDriver: LiveMigrationDriver {
    /// The streams of a migration: libvirt's own, and QEMU's.
    private enum Stream: String, CaseIterable {
        case libvirt
        case memory
        case disk
    }
    /// Longer than any migration: it is ended by its figures, not by a clock.
    private static let migrationTimeout = Duration.seconds(7 * 86_400)
    private static let endTimeout = Duration.seconds(90)

    private func sockets(_ id: ServerID) -> MigrationSockets { MigrationSockets(folder: options.streamsPath, id: id) }

    // MARK: Before

    public func needs(of id: ServerID) async throws -> GuestNeeds {
        let options = options
        var needs = try await onDomain(id, "look at the needs of") { domain in
            guard domain.isActive else {
                throw NovaError(.conflict, "The guest is not running.", details: "instance \(id) is shut off")
            }
            let root = try XMLReader.parse(try domain.description())
            guard root.first("cputune") == nil, root.first("numatune") == nil else {
                throw NovaError(
                    .conflict,
                    "A guest with dedicated CPUs or NUMA nodes cannot be moved while it runs: migrate it cold.",
                    details: "instance \(id) is bound to CPUs of its host")
            }
            var needs = GuestNeeds()
            needs.machine = root.at("os", "type")?[attribute: "machine"] ?? ""
            needs.architecture = root.at("os", "type")?[attribute: "arch"] ?? ""
            needs.cpu = root.first("cpu")?.serialized() ?? ""
            needs.hasKernel = root.at("os", "kernel") != nil
            needs.hasRamdisk = root.at("os", "initrd") != nil
            var info = virDomainInfo()
            guard virDomainGetInfo(domain.pointer, &info) == 0 else { throw LibvirtError.last() }
            needs.memoryMB = Int64(clamping: info.maxMem / 1024)
            return needs
        }
        needs.driver = name
        needs.virtType = options.virtType
        needs.streams = options.streamsPath
        needs.hypervisorVersion = try await hypervisorVersion()
        return needs
    }

    public func refusals(of needs: GuestNeeds) async throws -> [String] {
        let version = try await hypervisorVersion()
        var refusals = try await connection.run("compare a guest's needs") { MigrationRefusal.all(needs, on: $0) }
        if version < needs.hypervisorVersion {
            refusals.append(
                "its hypervisor \(version) is older than \(needs.hypervisorVersion), under which the guest runs")
        }
        if needs.virtType != options.virtType {
            refusals.append("its guests are of kind \(options.virtType), this one is of kind \(needs.virtType)")
        }
        if needs.streams != options.streamsPath {
            refusals.append("its [libvirt] migration_socket_path is not that of the guest's host")
        }
        return refusals
    }

    private func hypervisorVersion() async throws -> Int64 {
        try await connection.run("ask for the hypervisor's version") { connection in
            var version: UInt = 0
            // Hypervisors without a version count as 0.
            _ = virConnectGetVersion(connection, &version)
            return Int64(clamping: version)
        }
    }

    // MARK: Sockets

    public func expect(_ instance: InstanceSpec, parts: InstanceParts) async throws -> GuestPlace {
        var place = GuestPlace()
        place.hostID = context.hostID
        place.instancesPath = context.instancesPath
        for interface in parts.interfaces { place.taps[interface.port.mac.lowercased()] = interface.tap }
        sockets(instance.id).remove()
        place.address = sockets(instance.id).newName()
        _ = try sockets(instance.id).make(place.address)
        return place
    }

    public func streams(of id: ServerID, at place: GuestPlace) async throws -> [String: String] {
        let folder = try sockets(id).make(place.address)
        var streams = [Stream.libvirt.rawValue: Self.daemonSocket(options.uri)]
        for stream in [Stream.memory, .disk] { streams[stream.rawValue] = "\(folder)/\(stream.rawValue)" }
        return streams
    }

    public func doors(of id: ServerID, to place: GuestPlace) async throws -> [String: String] {
        let folder = try sockets(id).make(place.address)
        return Dictionary(
            uniqueKeysWithValues: Stream.allCases.map { ($0.rawValue, "\(folder)/\($0.rawValue)") })
    }

    public func forgetStreams(of id: ServerID) async { sockets(id).remove() }

    /// Where the libvirtd of a connection listens: at the socket that its URI names, else at the usual one.
    static func daemonSocket(_ uri: String) -> String {
        let query = uri.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        for part in query.split(separator: "&") where part.hasPrefix("socket=") {
            return String(part.dropFirst("socket=".count))
        }
        let modular = "/run/libvirt/virtqemud-sock"
        return access(modular, F_OK) == 0 ? modular : "/run/libvirt/libvirt-sock"
    }

    // MARK: The way

    public func migrate(_ id: ServerID, to place: GuestPlace) async throws {
        // What a former process has begun has lost its streams with it.
        _ = try await endMigration(of: id, runs: false)
        let folder = try sockets(id).make(place.address)
        let document = MigrationDocument(instancesPath: context.instancesPath, place: place)
        let (context, options, log) = (context, options, log)
        let attempts = CallCount()
        try await connection.runLong("migrate instance \(id)", within: Self.migrationTimeout) { connection in
            // When libvirtd was started again meanwhile, the migration is over, and must not be begun anew.
            guard attempts.next() == 1 else {
                throw NovaError(.hypervisor, "The live migration was broken off.", details: "libvirtd was lost")
            }
            guard let domain = try LibvirtDomain.find(id, on: connection) else { return }
            try LibvirtDomains.check(domain, id, context)
            // A longer stop lets a busy guest arrive at all; a hypervisor that cannot have it set keeps its own.
            _ = virDomainMigrateSetMaxDowntime(domain.pointer, UInt64(max(0, options.maxDowntime)), 0)
            let live = try document.rewritten(try domain.description(flags: VIR_DOMAIN_XML_MIGRATABLE.rawValue))
            let kept = try document.rewritten(
                try domain.description(
                    flags: VIR_DOMAIN_XML_MIGRATABLE.rawValue | VIR_DOMAIN_XML_INACTIVE.rawValue))
            var parameters = MigrationParameters()
            try parameters.add(VIR_MIGRATE_PARAM_URI, "unix://\(folder)/\(Stream.memory.rawValue)")
            try parameters.add(VIR_MIGRATE_PARAM_DISKS_URI, "unix://\(folder)/\(Stream.disk.rawValue)")
            try parameters.add(VIR_MIGRATE_PARAM_DEST_XML, live)
            try parameters.add(VIR_MIGRATE_PARAM_PERSIST_XML, kept)
            if options.bandwidth > 0 { try parameters.add(VIR_MIGRATE_PARAM_BANDWIDTH, UInt64(options.bandwidth)) }
            let door = "qemu+unix:///system?socket=\(folder)/\(Stream.libvirt.rawValue)"
            var flags = try Self.flags(live, options)
            while virDomainMigrateToURI3(domain.pointer, door, parameters.list, UInt32(parameters.count), flags) != 0 {
                let error = LibvirtError.last()
                if error.code == Int32(VIR_ERR_OPERATION_ABORTED.rawValue) {
                    throw NovaError(.conflict, "The live migration was aborted.", details: error.message)
                }
                // Said before anything moves; the guest has stayed as it is.
                guard flags & VIR_MIGRATE_POSTCOPY.rawValue != 0, error.refusesPostCopy else { throw error }
                log.warning(
                    "a live migration goes without post-copy: a hypervisor refuses it, see vm.unprivileged_userfaultfd",
                    metadata: ["server": "\(id)", "cause": "\(error.message)"])
                flags &= ~VIR_MIGRATE_POSTCOPY.rawValue
            }
        }
    }

    private static func flags(_ description: String, _ options: LibvirtOptions) throws -> UInt32 {
        var flags =
            VIR_MIGRATE_LIVE.rawValue | VIR_MIGRATE_PEER2PEER.rawValue | VIR_MIGRATE_PERSIST_DEST.rawValue
            | VIR_MIGRATE_UNDEFINE_SOURCE.rawValue
        let disks = try XMLReader.parse(description).first("devices")?.all("disk") ?? []
        if disks.contains(where: { $0[attribute: "type"] == "file" && $0[attribute: "device"] != "cdrom" }) {
            flags |= VIR_MIGRATE_NON_SHARED_INC.rawValue
        }
        if options.permitsAutoConverge { flags |= VIR_MIGRATE_AUTO_CONVERGE.rawValue }
        if options.permitsPostCopy { flags |= VIR_MIGRATE_POSTCOPY.rawValue }
        return flags
    }

    public func presence(of id: ServerID) async throws -> GuestPresence {
        let context = context
        return try await connection.run("look where instance \(id) is") { connection in
            guard let domain = try LibvirtDomain.find(id, on: connection), let mark = try domain.mark(),
                mark.belongs(to: context)
            else { return .absent }
            return try MigrationPresence.of(domain)
        }
    }

    public func figures(of id: ServerID) async throws -> MigrationFigures? {
        try await onDomain(id, "look at the migration of") { try MigrationJob.current($0) }
    }

    public func arrivalFigures(of id: ServerID) async throws -> MigrationFigures? {
        try await onDomain(id, "look at the arrival of") { try MigrationJob.completed($0) }
    }

    // MARK: Its end

    public func abortMigration(of id: ServerID) async throws {
        try await onDomain(id, "abort the migration of") { domain in
            guard virDomainAbortJob(domain.pointer) != 0 else { return }
            let error = LibvirtError.last()
            guard !error.isInvalidOperation else { return }
            throw error
        }
    }

    public func completeMigration(of id: ServerID) async throws -> MigrationCompletion {
        let (permitsPostCopy, log) = (options.permitsPostCopy, log)
        return try await onDomain(id, "complete the migration of") { domain in
            if permitsPostCopy {
                if virDomainMigrateStartPostCopy(domain.pointer, 0) == 0 {
                    log.info("a guest moves before its memory", metadata: ["server": "\(id)"])
                    return .postCopy
                }
                log.info(
                    "a live migration cannot end by post-copy: the guest stands still instead",
                    metadata: ["server": "\(id)", "cause": "\(LibvirtError.last().message)"])
            }
            // A guest that stands still changes no memory; it goes on where it arrives.
            guard try domain.powerState() == .running else { return .pause }
            guard virDomainSuspend(domain.pointer) == 0 else { throw LibvirtError.last() }
            return .pause
        }
    }

    public func endMigration(of id: ServerID, runs: Bool) async throws -> GuestPresence {
        let context = context
        let deadline = Deadline.after(Self.endTimeout)
        while true {
            let ended: GuestPresence? = try await connection.run("end the migration of instance \(id)") { connection in
                guard let domain = try LibvirtDomain.find(id, on: connection) else { return .absent }
                try LibvirtDomains.check(domain, id, context)
                if try MigrationJob.current(domain) != nil {
                    // One that cannot be aborted any more is waited for.
                    _ = virDomainAbortJob(domain.pointer)
                    return nil
                }
                guard try MigrationPresence.of(domain) == .here else { return nil }
                if runs, try domain.powerState() == .paused, virDomainResume(domain.pointer) != 0 {
                    throw LibvirtError.last()
                }
                return .here
            }
            if let ended { return ended }
            guard !deadline.hasPassed else {
                throw NovaError(
                    .unavailable, "The live migration does not end.",
                    details: "instance \(id) has a job, or stands between two hosts")
            }
            try await SteadyClock.sleep(for: .milliseconds(300))
        }
    }
}

/// Counts how often a body ran.
private final class CallCount: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
