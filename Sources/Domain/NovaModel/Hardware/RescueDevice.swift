import NovaCore

/// How a rescue image is attached when the guest keeps its own disks in their places ("stable device rescue").
public struct RescueDevice: Sendable, Equatable {
    public var isCDROM = false
    /// nil takes what the guest's other devices of the kind have.
    public var bus: String?

    /// Reads the properties of a rescue image; nil when it is to take the place of the guest's first disk.
    ///
    /// - Throws: ``NovaError`` `badRequest` for a device or a bus that no guest has.
    public init?(_ properties: [String: String]) throws {
        let (device, bus) = (properties["hw_rescue_device"], properties["hw_rescue_bus"])
        guard device != nil || bus != nil else { return nil }
        guard ["disk", "cdrom", nil].contains(device) else {
            throw NovaError(
                .badRequest, "Requested rescue device '\(device ?? "")' is not supported: it is disk or cdrom.")
        }
        guard ["virtio", "scsi", "ide", "sata", "usb", nil].contains(bus) else {
            throw NovaError(
                .badRequest,
                "Requested rescue bus '\(bus ?? "")' is not supported: it is virtio, scsi, ide, sata or usb.")
        }
        isCDROM = device == "cdrom"
        self.bus = bus
        guard !isCDROM || bus != "virtio" else {
            throw NovaError(.badRequest, "Requested rescue bus 'virtio' is not supported: it has no cdrom.")
        }
    }
}
