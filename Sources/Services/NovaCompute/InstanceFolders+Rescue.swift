import NovaCore
import NovaModel
import NovaProcess
import VirtDriver

// What an instance boots from while it is rescued: files beside its own, gone when the rescue ends.
extension InstanceFolders {
    static let rescueDisk = "disk.rescue"
    private static let rescueFiles = [rescueDisk, "kernel.rescue", "ramdisk.rescue"]

    /// Brings an instance's images into the cache.
    func prepare(_ instance: InstanceSpec) async throws {
        try await gate.with { [cache] in
            if let kernel = instance.kernel { _ = try await cache.file(kernel) }
            if let ramdisk = instance.ramdisk { _ = try await cache.file(ramdisk) }
            guard let image = instance.image else { return }
            let size = try await cache.disk(image).virtualSize
            let limit = instance.flavor.rootGB << 30
            guard limit == 0 || size <= limit else {
                throw NovaError(
                    .badRequest,
                    "Flavor's disk is too small for requested image. Flavor disk is \(limit) bytes, image is \(size) bytes."
                )
            }
        }
    }

    /// Makes a new disk from the instance's image, which here is that of the rescue, before the instance's own disks.
    func makeRescue(_ instance: InstanceSpec) async throws -> InstanceParts {
        try await gate.with { [self] in
            guard let image = instance.image else { throw NovaError(.badRequest, "A rescue needs an image.") }
            let folder = path(instance.id)
            var parts = try existing(instance.id)
            let base = try await cache.disk(image)
            try await endRescue(instance.id)
            parts.kernelPath = try await link(instance.kernel, as: "\(folder)/kernel.rescue")
            parts.ramdiskPath = try await link(instance.ramdisk, as: "\(folder)/ramdisk.rescue")
            let disk = "\(folder)/\(Self.rescueDisk)"
            try await runner.run(
                "qemu-img",
                ["create", "-q", "-f", "qcow2", "-F", base.format.rawValue, "-b", base.path, "\(disk).new"])
            try HostFiles.move("\(disk).new", to: disk)
            var rescue = DiskFile(path: disk, format: .qcow2)
            if let device = try RescueDevice(image.image.properties) {
                // The instance's own disks keep their names; the guest only boots from another one.
                (rescue.isCDROM, rescue.bus, rescue.bootOrder) = (device.isCDROM, device.bus, 1)
                if !parts.disks.isEmpty { parts.disks[0].bootOrder = 2 }
                parts.disks.append(rescue)
            } else {
                parts.disks.insert(rescue, at: 0)
            }
            return parts
        }
    }

    private func link(_ image: GrantedImage?, as path: String) async throws -> String? {
        guard let image else { return nil }
        try HostFiles.link(try await cache.file(image), as: path)
        return path
    }

    /// Whether the instance has a rescue disk.
    func isRescued(_ id: ServerID) -> Bool { HostFiles.exists("\(path(id))/\(Self.rescueDisk)") }

    /// Removes what a rescue made.
    func endRescue(_ id: ServerID) async throws {
        try await threads.run { [self] in
            // The disk goes last: as long as it is there, the rescue has not ended.
            for name in Self.rescueFiles.reversed() { try HostFiles.removeAny("\(path(id))/\(name)") }
        }
    }
}
