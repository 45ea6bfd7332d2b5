import Logging
import NovaCore
import NovaInterfaces
import NovaProcess
import Synchronization

// What nobody uses any more.
extension ImageCache {
    /// An image that was asked for within this time may be about to get a disk over it.
    private static let recent: Int64 = 600

    /// The files of the cache.
    ///
    /// - Parameter bases: the names of those that disks on this host lie over. When it throws, all count as used.
    func contents(bases: @escaping @Sendable () throws -> Set<String>) async throws -> [HostedImage] {
        try await threads.run { [self] in
            var known: Set<String>?
            do {
                known = try bases()
            } catch {
                log.warning("no image counts as unused: \(NovaError(error))")
            }
            let bases = known
            return HostFiles.names(in: folder).filter { Self.isImage($0) }.compactMap { describe($0, bases) }
        }
    }

    /// Removes an image unless a disk lies over it or it was just asked for; succeeds when there is none.
    ///
    /// - Throws: ``NovaError`` `conflict` when it is needed, and what `bases` throws.
    func remove(_ name: String, bases: @escaping @Sendable () throws -> Set<String>) async throws {
        guard Self.isImage(name), !name.contains("/") else {
            throw NovaError(.badRequest, "There is no such image in the cache.", details: name)
        }
        let key = Self.key(name)
        try await gates.with(key) { [self] in
            try await threads.run { [self] in
                guard let image = describe(name, try bases()) else { return }
                guard !image.isUsed, image.usedAt < Timestamp.now().adding(seconds: -Self.recent) else {
                    throw NovaError(.conflict, "The image is in use.", details: name)
                }
                HostFiles.remove("\(folder)/\(name)")
            }
            known.withLock { $0[key] = nil }
        }
    }

    /// One file; without bases it counts as used.
    private func describe(_ name: String, _ bases: Set<String>?) -> HostedImage? {
        let path = "\(folder)/\(name)"
        guard let facts = HostFiles.facts(path) else { return nil }
        var image = HostedImage()
        image.name = name
        image.bytes = facts.bytes
        // Kernels and ramdisks are linked into the folders of instances.
        image.isUsed = facts.names > 1 || bases?.contains(name) ?? true
        image.usedAt = facts.modifiedAt
        return image
    }

    private static func isImage(_ name: String) -> Bool {
        name.hasSuffix(".raw") || name.hasSuffix(".qcow2") || name.hasSuffix("-file")
    }

    /// What the image's gate is called.
    private static func key(_ name: String) -> String {
        for suffix in [".raw", ".qcow2"] where name.hasSuffix(suffix) { return String(name.dropLast(suffix.count)) }
        return name
    }
}
