// Firmware, TPM and devices.
extension HardwareRules {
    // MARK: Firmware

    mutating func isUEFI() -> Bool {
        guard choice("hw_firmware_type", ["bios", "uefi"]) == "uefi" else { return false }
        if let host, !host.hasUEFI {
            refuseHost("hw_firmware_type", "the host has no UEFI firmware", "install the package ovmf there")
        }
        return true
    }

    mutating func hasSecureBoot(isUEFI: Bool, machine: String?) -> Bool {
        let key = spec("os:secure_boot") == nil ? "os_secure_boot" : "os:secure_boot"
        guard let wanted = agreed("os:secure_boot", "os_secure_boot", ["required", "optional", "disabled"]),
            wanted != "disabled"
        else { return false }
        let isPossible = isUEFI && Self.isQ35(machine ?? "q35")
        guard wanted == "required" else { return isPossible && host?.hasSecureBoot == true }
        if !isUEFI { refuse(key, "secure boot needs UEFI", "set hw_firmware_type=uefi on the image") }
        if let machine, !Self.isQ35(machine) {
            refuse(key, "secure boot needs a machine of type q35, not \(machine)", "set hw_machine_type=q35")
        }
        if let host, isUEFI, !host.hasSecureBoot {
            refuseHost(key, "the host has no UEFI firmware for secure boot", "install the package ovmf there")
        }
        return isPossible
    }

    mutating func checkMachine(_ machine: String?) {
        guard let machine, let host, !host.machines.isEmpty, !host.machines.contains(machine) else { return }
        refuseHost(
            spec("hw:machine_type") == nil ? "hw_machine_type" : "hw:machine_type",
            "the host's hypervisor has no machine '\(machine)'", "take q35 or pc, or a host with a newer hypervisor")
    }

    /// Whether a machine type is one of PCI Express.
    public static func isQ35(_ machine: String) -> Bool { machine == "q35" || machine.hasPrefix("pc-q35") }

    mutating func tpm() -> GuestHardware.TPM? {
        let version = agreed("hw:tpm_version", "hw_tpm_version", ["1.2", "2.0"])
        let model = agreed("hw:tpm_model", "hw_tpm_model", ["tpm-tis", "tpm-crb"])
        guard let version else {
            if model != nil {
                refuse(
                    spec("hw:tpm_model") == nil ? "hw_tpm_model" : "hw:tpm_model", "it needs a version",
                    "set hw:tpm_version, too")
            }
            return nil
        }
        let tpm = GuestHardware.TPM(version: version, model: model ?? "tpm-tis")
        if tpm.version == "1.2", tpm.model == "tpm-crb" {
            refuse("hw:tpm_model", "tpm-crb is there with version 2.0 only", "take tpm-tis or version 2.0")
        }
        if let host, !host.tpmVersions.contains(tpm.version) || !host.tpmModels.contains(tpm.model) {
            refuseHost(
                spec("hw:tpm_version") == nil ? "hw_tpm_version" : "hw:tpm_version",
                "the host has no emulator of a TPM \(tpm.version) of kind \(tpm.model)",
                "install the packages swtpm and swtpm-tools there, and start libvirtd anew")
        }
        return tpm
    }

    // MARK: Devices

    mutating func watchdog() -> String? {
        let words = ["disabled", "none", "pause", "poweroff", "reset"]
        let ofFlavor = choice("hw:watchdog_action", words)
        let action = choice("hw_watchdog_action", words) ?? ofFlavor
        return action == "disabled" ? nil : action
    }

    mutating func hasRandomSource() -> Bool {
        _ = choice("hw_rng_model", ["virtio"])
        return flag("hw_rng:allowed") ?? true
    }

    mutating func randomRate() -> GuestHardware.RandomRate? {
        let bytes = number("hw_rng:rate_bytes", 0...Int64(UInt32.max))
        let period = number("hw_rng:rate_period", 1...Int64(UInt32.max))
        guard let bytes, bytes > 0 else { return nil }
        return GuestHardware.RandomRate(bytes: bytes, period: period ?? 1000)
    }

    mutating func diskBus(machine: String?) -> String? {
        guard let bus = choice("hw_disk_bus", ["virtio", "scsi", "ide", "sata", "usb"]) else { return nil }
        if bus == "ide", let machine, Self.isQ35(machine) {
            refuse("hw_disk_bus", "a machine of type q35 has no IDE", "take sata or virtio")
        }
        if let host, !host.diskBuses.isEmpty, !host.diskBuses.contains(bus) {
            refuseHost("hw_disk_bus", "the host's hypervisor has no bus \(bus)", "take virtio")
        }
        return bus
    }

    mutating func serialPorts() -> Int64 {
        // As many as a PC has.
        let (ofFlavor, ofImage) = (number("hw:serial_port_count", 0...4), number("hw_serial_port_count", 0...4))
        if let ofFlavor, let ofImage, ofImage > ofFlavor {
            refuse("hw_serial_port_count", "\(ofImage) is more than the flavor's \(ofFlavor)", "lower it")
        }
        // The first one is the console.
        return max(1, ofImage ?? ofFlavor ?? 1)
    }

    // MARK: Video

    mutating func video() -> String? {
        let words = ["vga", "cirrus", "vmvga", "qxl", "virtio", "bochs", "none"]
        guard let model = choice("hw_video_model", words) else { return nil }
        if let host, !host.videoModels.isEmpty, !host.videoModels.contains(model) {
            refuseHost(
                "hw_video_model", "the host's hypervisor has no video device \(model)",
                "take one of \(host.videoModels.sorted().joined(separator: ", "))")
        }
        return model
    }

    mutating func videoKiB() -> Int64? {
        let most = number("hw_video:ram_max_mb", 0...4096)
        guard let wanted = number("hw_video_ram", 0...4096), wanted > 0 else { return nil }
        guard wanted <= most ?? 0 else {
            refuse(
                "hw_video_ram", "\(wanted) MiB are more than the flavor's hw_video:ram_max_mb=\(most ?? 0)",
                "lower it, or raise the flavor's limit")
            return nil
        }
        return wanted << 10
    }

    // MARK: Network devices

    mutating func interfaceModel() -> String? {
        choice("hw_vif_model", ["virtio", "e1000", "e1000e", "rtl8139", "ne2k_pci", "pcnet", "vmxnet3"])
    }

    mutating func queues(of model: String) -> Int64 {
        let (ofFlavor, ofImage) = (flag("hw:vif_multiqueue_enabled"), flag("hw_vif_multiqueue_enabled"))
        if let ofFlavor, let ofImage, ofFlavor != ofImage {
            refuse(
                "hw_vif_multiqueue_enabled", "image and flavor say different things",
                "take an image or a flavor that agree")
        }
        guard ofFlavor ?? ofImage == true, model == "virtio" else { return 1 }
        return max(1, min(flavor.vcpus, 256))
    }
}
