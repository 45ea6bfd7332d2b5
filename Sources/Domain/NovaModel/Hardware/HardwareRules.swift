import NovaCore

/// Decides what hardware a guest gets from its flavor, its image and its host; apart from all input and output.
///
/// It goes on after a conflict, so that all of them are told at once. Who wins where flavor and image differ is as in Nova.
public struct HardwareRules {
    let flavor: Flavor
    private let specs: [String: String]
    private let properties: [String: String]
    /// nil while no host is known.
    let host: HostAbilities?
    /// What stands against it.
    public private(set) var conflicts: [HardwareConflict] = []
    /// What it gets; of no use when there are conflicts.
    public private(set) var hardware = GuestHardware()

    /// - Parameters:
    ///   - image: the image's properties.
    ///   - host: nil leaves out what only a host can say.
    public init(_ flavor: Flavor, image: [String: String], host: HostAbilities? = nil) {
        self.flavor = flavor
        specs = flavor.extraSpecs
        properties = image
        self.host = host
        guard Self.asksAnything(specs, image) else { return }
        refuseUnknown()
        if host?.isContainer == true { refuseMachine() } else { decide() }
    }

    private mutating func decide() {
        hardware.topology = topology()
        decideCPUs()
        hardware.cells = cells()
        hardware.pageKiB = page()
        decideFirmware()
        hardware.tpm = tpm()
        decideDevices()
        decideVideo()
        decideInterfaces()
    }

    /// Whether flavor or image say anything of hardware.
    public static func asksAnything(_ specs: [String: String], _ image: [String: String]) -> Bool {
        specs.keys.contains { $0.hasPrefix("hw") || $0.hasPrefix("os:") }
            || image.keys.contains { $0.hasPrefix("hw_") || $0 == "os_secure_boot" }
    }

    /// The hardware, if nothing stands against it.
    ///
    /// - Throws: ``NovaError`` that lists all conflicts: `badRequest` for those that hold on any host, else `notImplemented`.
    public static func decide(
        _ flavor: Flavor, image: [String: String], host: HostAbilities? = nil
    ) throws -> GuestHardware {
        let rules = HardwareRules(flavor, image: image, host: host)
        guard !rules.conflicts.isEmpty else { return rules.hardware }
        let text = rules.conflicts.map(\.text).joined(separator: ". ")
        guard rules.conflicts.contains(where: { !$0.isHosts }) else {
            throw NovaError(.notImplemented, "The compute host has not the hardware that the server asks for. \(text).")
        }
        throw NovaError(.badRequest, "Flavor and image ask for hardware that cannot be. \(text).")
    }

    // MARK: What is asked

    func spec(_ key: String) -> String? { specs[key].flatMap { $0.isEmpty ? nil : $0 } }
    func property(_ key: String) -> String? { properties[key].flatMap { $0.isEmpty ? nil : $0 } }
    /// The keys that begin so.
    func keys(_ prefix: String) -> [String] {
        (specs.keys.filter { $0.hasPrefix(prefix) } + properties.keys.filter { $0.hasPrefix(prefix) }).sorted()
    }

    mutating func refuse(_ key: String, _ reason: String, _ nextStep: String) {
        conflicts.append(HardwareConflict(key, reason, nextStep))
    }

    mutating func refuseHost(_ key: String, _ reason: String, _ nextStep: String) {
        conflicts.append(HardwareConflict(key, reason, nextStep, isHosts: true))
    }

    /// A number of a key; nil when it is not asked for, and with a conflict when it is no number of the range.
    mutating func number(_ key: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let text = spec(key) ?? property(key) else { return nil }
        if let number = Int64(text), range.contains(number) { return number }
        let end =
            range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        refuse(key, "'\(text)' is no number of \(end)", "correct it")
        return nil
    }

    mutating func flag(_ key: String) -> Bool? {
        guard let text = spec(key) ?? property(key) else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on", "1", "t", "y": return true
        case "false", "no", "off", "0", "f", "n": return false
        default:
            refuse(key, "'\(text)' is neither true nor false", "correct it")
            return nil
        }
    }

    mutating func choice(_ key: String, _ words: [String]) -> String? {
        guard let text = (spec(key) ?? property(key))?.lowercased() else { return nil }
        guard words.contains(text) else {
            refuse(key, "'\(text)' is none of \(words.joined(separator: ", "))", "correct it")
            return nil
        }
        return text
    }

    /// A value that flavor and image may both say, if they say the same.
    mutating func agreed(_ spec: String, _ property: String, _ words: [String]) -> String? {
        let (ofFlavor, ofImage) = (choice(spec, words), choice(property, words))
        if let ofFlavor, let ofImage, ofFlavor != ofImage {
            refuse(
                property, "the image says \(ofImage), the flavor's \(spec) says \(ofFlavor)",
                "take an image or a flavor that agree")
        }
        return ofFlavor ?? ofImage
    }

    // MARK: What nobody can have

    /// Keys that mean something to Nova and nothing here: a guest that is not what it asks for must not start.
    private static let unknown = [
        "hw:mem_encryption", "hw_mem_encryption", "hw:cpu_realtime", "hw_cpu_realtime", "hw:locked_memory",
        "hw_locked_memory", "hw:emulator_threads_policy", "hw_emulator_threads_policy", "hw:viommu_model",
        "hw_viommu_model", "hw:pmem", "hw:cpu_dedicated_mask",
    ]

    private mutating func refuseUnknown() {
        for key in Self.unknown {
            guard let text = spec(key) ?? property(key), !["false", "no", "0", "off"].contains(text.lowercased()) else {
                continue
            }
            refuse(key, "this cloud's hypervisors have no such thing", "remove it")
        }
    }

    private mutating func refuseMachine() {
        let asked =
            ["hw:cpu_policy", "hw:numa_nodes", "hw:mem_page_size", "hw:watchdog_action", "hw:tpm_version"]
            + ["hw_watchdog_action", "hw_firmware_type", "os_secure_boot", "os:secure_boot", "hw_tpm_version"]
        let harmless = ["shared", "bios", "disabled", "small", "any"]
        for key in asked {
            guard let text = spec(key) ?? property(key), !harmless.contains(text.lowercased()) else { continue }
            refuseHost(key, "the host's guests are containers, which have no hardware of their own", "remove it")
        }
    }
}

extension HardwareRules {
    private mutating func decideCPUs() {
        let (isDedicated, policy) = (isDedicated(), threadPolicy())
        hardware.isDedicated = isDedicated
        if let policy { hardware.threadPolicy = policy }
        checkDedicated(isDedicated, policy)
    }

    private mutating func decideFirmware() {
        hardware.machine = spec("hw:machine_type") ?? property("hw_machine_type")
        hardware.isUEFI = isUEFI()
        hardware.hasSecureBoot = hasSecureBoot(isUEFI: hardware.isUEFI, machine: hardware.machine)
        // Secure boot needs what only this machine has.
        if hardware.hasSecureBoot, hardware.machine == nil { hardware.machine = "q35" }
        checkMachine(hardware.machine)
    }

    private mutating func decideDevices() {
        hardware.watchdog = watchdog()
        hardware.hasRandomSource = hasRandomSource()
        if hardware.hasRandomSource { hardware.randomRate = randomRate() }
        hardware.diskBus = diskBus(machine: hardware.machine ?? host?.machine) ?? "virtio"
        hardware.cdromBus = choice("hw_cdrom_bus", ["ide", "sata", "scsi", "usb", "virtio"])
        hardware.scsiModel = choice("hw_scsi_model", ["virtio-scsi", "lsilogic", "lsisas1068", "lsisas1078"])
        hardware.hasTablet = choice("hw_pointer_model", ["usbtablet", "ps2mouse"]) != "ps2mouse"
        let ofImage = flag("hw_boot_menu")
        hardware.hasBootMenu = ofImage ?? flag("hw:boot_menu") ?? false
        hardware.serialPorts = serialPorts()
        hardware.hasAgent = flag("hw_qemu_guest_agent") ?? false
        hardware.hidesHypervisor = flag("hw:hide_hypervisor_id") ?? flag("img_hide_hypervisor_id") ?? false
    }

    private mutating func decideVideo() {
        hardware.video = video()
        hardware.videoKiB = videoKiB()
    }

    private mutating func decideInterfaces() {
        hardware.interfaceModel = interfaceModel() ?? "virtio"
        hardware.queues = queues(of: hardware.interfaceModel)
    }
}
