import CLibvirt
import Glibc
public import NovaCore
public import NovaModel
import NovaProcess
import NovaXML
public import VirtDriver

// A running guest's disk is copied by QEMU into a file of its own, which is cut off at one moment; the guest keeps the
// disk that it has. What comes out, or the disk of a guest that is off, is written anew as a small file.
extension LibvirtDriver: SnapshotDriver {
    /// The longest time for the copy, and for writing it anew.
    private static let copyTimeout = Duration.seconds(1700)

    public func snapshot(
        _ id: ServerID, parts: InstanceParts, to path: String, quiescing: Quiescing
    ) async throws {
        guard let disk = parts.disks.first else {
            throw NovaError(.conflict, "The server has no disk on its host.", details: "instance \(id)")
        }
        let runner = CommandRunner.shared
        do {
            try await endSnapshot(id, parts: parts, to: path)
            let live: [PowerState?] = [.running, .paused, .suspended]
            let isRunning = live.contains(try await powerState(id))
            if isRunning { try await copy(disk, of: id, to: "\(path).copy", quiescing) }
            try await runner.run(
                "qemu-img",
                [
                    "convert", "-f", disk.format.rawValue, "-O", "qcow2", isRunning ? "\(path).copy" : disk.path,
                    "\(path).part",
                ],
                within: Self.copyTimeout)
            guard rename("\(path).part", path) == 0 else {
                throw NovaError(
                    .internal, "The compute host could not store the snapshot.",
                    details: "\(path): \(String(cString: strerror(errno)))")
            }
            unlink("\(path).copy")
        } catch {
            // In a task of its own: what is cancelled must be cleaned up too.
            await Task {
                // What fails here is tried again when the step is undone.
                try? await endSnapshot(id, parts: parts, to: path)
            }.value
            let error = NovaError(error)
            guard error.details.contains("No space left") else { throw error }
            throw NovaError(.noSpace, "The compute host has no space for the snapshot.", details: error.details)
        }
    }

    public func endSnapshot(_ id: ServerID, parts: InstanceParts, to path: String) async throws {
        if let disk = parts.disks.first {
            do {
                try await onDomain(id, "end a copy of the disk of") { domain in
                    guard domain.isActive, try Self.isBeingCopied(disk, domain) else { return }
                    // Who was killed between the two has left the guest frozen.
                    if try Self.hasAgent(domain) { Self.thaw(domain) }
                    guard virDomainBlockJobAbort(domain.pointer, disk.path, 0) == 0 else { throw LibvirtError.last() }
                }
            } catch let error as NovaError where error.code == .notFound {
                // Without a domain nothing is copied.
            }
        }
        unlink("\(path).copy")
        unlink("\(path).part")
    }

    private func copy(_ disk: DiskFile, of id: ServerID, to path: String, _ quiescing: Quiescing) async throws {
        let target = XMLElement("disk", ["type": "file"]) {
            XMLElement("driver", ["type": disk.format.rawValue])
            XMLElement("source", ["file": path])
        }.serialized()
        let deadline = Deadline.after(Self.copyTimeout)
        try await onDomain(id, "begin a copy of the disk of") { domain in
            // Transient: the domain stays defined, and a copy that libvirtd cannot take up again is no loss.
            let flags = VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB.rawValue
            guard virDomainBlockCopy(domain.pointer, disk.path, target, nil, 0, flags) == 0 else {
                throw LibvirtError.last()
            }
        }
        // Until the copy has all that the disk has, and follows it.
        while try await !onDomain(id, "look at a copy of the disk of", { try Self.isCopied(disk, $0) }) {
            guard !deadline.hasPassed else {
                throw NovaError(.timeout, "The copy of the server's disk took too long.", details: "instance \(id)")
            }
            try await Task.sleep(for: .milliseconds(250))
        }
        // To end it now leaves a copy of this moment.
        try await onDomain(id, "finish a copy of the disk of") { domain in
            let isFrozen = try Self.freeze(domain, id, quiescing)
            defer { if isFrozen { Self.thaw(domain) } }
            guard virDomainBlockJobAbort(domain.pointer, disk.path, 0) == 0 else { throw LibvirtError.last() }
        }
    }

    private static func isBeingCopied(_ disk: DiskFile, _ domain: borrowing LibvirtDomain) throws -> Bool {
        var info = virDomainBlockJobInfo()
        let found = virDomainGetBlockJobInfo(domain.pointer, disk.path, &info, 0)
        guard found >= 0 else { throw LibvirtError.last() }
        return found == 1
    }

    private static func isCopied(_ disk: DiskFile, _ domain: borrowing LibvirtDomain) throws -> Bool {
        guard try isBeingCopied(disk, domain) else {
            throw NovaError(
                .hypervisor, "The copy of the server's disk was broken off.",
                details: "the block job of \(disk.path) has ended by itself")
        }
        let disks = try XMLReader.parse(try domain.description()).first("devices")?.all("disk") ?? []
        return disks.contains {
            $0.at("source")?[attribute: "file"] == disk.path && $0.first("mirror")?[attribute: "ready"] == "yes"
        }
    }
}
