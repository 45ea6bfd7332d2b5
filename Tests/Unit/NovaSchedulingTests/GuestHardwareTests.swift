import NovaCore
import NovaModel
import NovaScheduling
import Testing

@Suite("Guest hardware: flavor, image and host")
struct GuestHardwareTests {
    static let host: HostAbilities = {
        var host = HostAbilities()
        host.machine = "pc"
        host.machines = ["pc", "q35", "pc-q35-7.2"]
        host.hasUEFI = true
        host.hasSecureBoot = true
        host.tpmModels = ["tpm-tis", "tpm-crb"]
        host.tpmVersions = ["1.2", "2.0"]
        host.videoModels = ["vga", "cirrus", "qxl"]
        host.diskBuses = ["virtio", "scsi", "ide", "sata", "usb"]
        host.pages = [2048: 512, 1_048_576: 1]
        host.cells = [
            HostAbilities.Cell(cpus: [0, 1, 2, 3], memoryMB: 2048),
            HostAbilities.Cell(cpus: [4, 5, 6, 7], memoryMB: 1024),
        ]
        host.dedicatedCPUs = [2, 3, 6, 7]
        return host
    }()

    private func rules(
        _ specs: [String: String], _ image: [String: String] = [:], cpus: Int64 = 4, memory: Int64 = 1024,
        host: HostAbilities? = Self.host
    ) -> HardwareRules {
        var flavor = Flavor()
        flavor.vcpus = cpus
        flavor.memoryMB = memory
        flavor.extraSpecs = specs
        return HardwareRules(flavor, image: image, host: host)
    }

    @Test func whoAsksForNothingGetsWhatAllGet() {
        #expect(rules([:]).hardware == GuestHardware() && rules([:]).conflicts.isEmpty)
        #expect(rules(["trait:X": "required"], ["os_type": "linux"]).hardware == GuestHardware())
        #expect(!HardwareRules.asksAnything(["aggregate_instance_extra_specs:x": "1"], ["architecture": "x86_64"]))
    }

    // MARK: Topology

    @Test(
        arguments: [
            (["hw:cpu_sockets": "2"], [:], (2, 2, 1)),
            (["hw:cpu_cores": "4"], [:], (1, 4, 1)),
            (["hw:cpu_threads": "2"], [:], (2, 1, 2)),
            (["hw:cpu_sockets": "1", "hw:cpu_threads": "2"], [:], (1, 2, 2)),
            // What cannot be had as a whole is had as far as it goes.
            (["hw:cpu_sockets": "3", "hw:cpu_threads": "2"], [:], (2, 1, 2)),
            // An image that says anything of it says all of it.
            (["hw:cpu_sockets": "4"], ["hw_cpu_cores": "2"], (2, 2, 1)),
            (["hw:cpu_max_sockets": "1"], [:], (1, 4, 1)),
            (["hw:cpu_max_sockets": "2"], ["hw_cpu_max_sockets": "1", "hw_cpu_max_cores": "2"], (1, 2, 2)),
        ] as [([String: String], [String: String], (Int64, Int64, Int64))])
    func topology(_ row: (specs: [String: String], image: [String: String], wanted: (Int64, Int64, Int64))) {
        let rules = rules(row.specs, row.image)
        #expect(rules.conflicts.isEmpty, "\(rules.conflicts)")
        #expect(
            rules.hardware.topology
                == GuestHardware.Topology(sockets: row.wanted.0, cores: row.wanted.1, threads: row.wanted.2))
    }

    // MARK: What is refused

    @Test(
        arguments: [
            // Values that nobody can have.
            (["hw:cpu_sockets": "0"], [:], "hw:cpu_sockets"),
            (["hw:cpu_max_cores": "1"], ["hw_cpu_max_cores": "2"], "hw_cpu_max_cores"),
            (["hw:cpu_max_cores": "1"], ["hw_cpu_cores": "2"], "hw_cpu_cores"),
            (
                ["hw:cpu_max_sockets": "1", "hw:cpu_max_cores": "1", "hw:cpu_max_threads": "2"], [:],
                "hw:cpu_max_sockets"
            ),
            (["hw:watchdog_action": "explode"], [:], "hw:watchdog_action"),
            ([:], ["hw_watchdog_action": "explode"], "hw_watchdog_action"),
            ([:], ["hw_rng_model": "dice"], "hw_rng_model"),
            (["hw_rng:allowed": "perhaps"], [:], "hw_rng:allowed"),
            ([:], ["hw_disk_bus": "rope"], "hw_disk_bus"),
            ([:], ["hw_vif_model": "pigeon"], "hw_vif_model"),
            ([:], ["hw_pointer_model": "finger"], "hw_pointer_model"),
            ([:], ["hw_scsi_model": "x"], "hw_scsi_model"), ([:], ["hw_cdrom_bus": "x"], "hw_cdrom_bus"),
            (["hw:serial_port_count": "5"], [:], "hw:serial_port_count"),
            (["hw:mem_encryption": "true"], [:], "hw:mem_encryption"),
            (["hw:cpu_policy": "mixed"], [:], "hw:cpu_policy"),
            // Flavor and image do not agree.
            (["hw:cpu_policy": "shared"], ["hw_cpu_policy": "dedicated"], "hw_cpu_policy"),
            (["hw:cpu_thread_policy": "isolate"], [:], "hw:cpu_thread_policy"),
            (
                ["hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "isolate"],
                ["hw_cpu_thread_policy": "prefer"], "hw_cpu_thread_policy"
            ),
            (["hw:numa_nodes": "1"], ["hw_numa_nodes": "2"], "hw_numa_nodes"),
            (["hw:serial_port_count": "1"], ["hw_serial_port_count": "2"], "hw_serial_port_count"),
            (
                ["hw:vif_multiqueue_enabled": "true"], ["hw_vif_multiqueue_enabled": "false"],
                "hw_vif_multiqueue_enabled"
            ),
            ([:], ["hw_video_ram": "16"], "hw_video_ram"),
            (["hw_video:ram_max_mb": "8"], ["hw_video_ram": "16"], "hw_video_ram"),
            ([:], ["hw_mem_page_size": "2048"], "hw_mem_page_size"),
            (["hw:mem_page_size": "small"], ["hw_mem_page_size": "large"], "hw_mem_page_size"),
            (
                ["os:secure_boot": "required"], ["os_secure_boot": "disabled", "hw_firmware_type": "uefi"],
                "os_secure_boot"
            ),
            (["hw:tpm_version": "2.0"], ["hw_tpm_version": "1.2"], "hw_tpm_version"),
            // Parts that do not go together.
            (["hw:tpm_model": "tpm-crb"], [:], "hw:tpm_model"),
            (["hw:tpm_model": "tpm-crb", "hw:tpm_version": "1.2"], [:], "hw:tpm_model"),
            (["os:secure_boot": "required"], [:], "os:secure_boot"),
            (["os:secure_boot": "required"], ["hw_firmware_type": "uefi", "hw_machine_type": "pc"], "os:secure_boot"),
            ([:], ["hw_disk_bus": "ide", "hw_machine_type": "q35"], "hw_disk_bus"),
            // NUMA nodes that do not make up the flavor.
            (["hw:numa_nodes": "3"], [:], "hw:numa_nodes"), (["hw:numa_nodes": "0"], [:], "hw:numa_nodes"),
            (["hw:numa_cpus.0": "0-3"], [:], "hw:numa_nodes"),
            (["hw:numa_nodes": "1", "hw:numa_cpus.0": "0-3"], [:], "hw:numa_cpus.0"),
            (["hw:numa_nodes": "1", "hw:numa_cpus.0": "0-4", "hw:numa_mem.0": "1024"], [:], "hw:numa_cpus.0"),
            (["hw:numa_nodes": "1", "hw:numa_cpus.0": "0-2", "hw:numa_mem.0": "1024"], [:], "hw:numa_cpus.0"),
            (["hw:numa_nodes": "1", "hw:numa_cpus.0": "0-3", "hw:numa_mem.0": "512"], [:], "hw:numa_mem.0"),
            (["hw:mem_page_size": "huge"], [:], "hw:mem_page_size"),
            (["hw:mem_page_size": "3MB"], [:], "hw:mem_page_size"),
        ] as [([String: String], [String: String], String)])
    func nonsense(_ row: (specs: [String: String], image: [String: String], key: String)) {
        // Known before there is a host, and with one.
        for host in [nil, Self.host] {
            let conflicts = rules(row.specs, row.image, host: host).conflicts
            #expect(conflicts.map(\.key) == [row.key], "\(conflicts)")
            #expect(conflicts.allSatisfy { !$0.isHosts && !$0.nextStep.isEmpty })
        }
    }

    @Test(
        arguments: [
            ([:], ["hw_firmware_type": "uefi"], "hw_firmware_type", "ovmf"),
            (["hw:tpm_version": "2.0"], [:], "hw:tpm_version", "swtpm"),
            (["hw:cpu_policy": "dedicated"], [:], "hw:cpu_policy", "cpu_dedicated_set"),
            (["hw:numa_nodes": "2"], [:], "hw:numa_nodes", "fewer"),
            (["hw:mem_page_size": "2048"], [:], "hw:mem_page_size", "nr_hugepages"),
            (["hw:mem_page_size": "large"], [:], "hw:mem_page_size", "nr_hugepages"),
            ([:], ["hw_video_model": "virtio"], "hw_video_model", "vga"),
            ([:], ["hw_machine_type": "pc-q35-99"], "hw_machine_type", "q35"),
        ] as [([String: String], [String: String], String, String)])
    func poorHost(_ row: (specs: [String: String], image: [String: String], key: String, step: String)) throws {
        var host = HostAbilities()
        host.machines = ["pc", "q35"]
        host.videoModels = ["vga"]
        host.cells = [HostAbilities.Cell(cpus: [0, 1, 2, 3], memoryMB: 4096)]
        #expect(rules(row.specs, row.image, host: nil).conflicts.isEmpty)
        let conflicts = rules(row.specs, row.image, host: host).conflicts
        #expect(conflicts.map(\.key) == [row.key])
        #expect(conflicts.allSatisfy { $0.isHosts && $0.text.contains(row.step) }, "\(conflicts)")
    }

    @Test func allConflictsAreToldAtOnce() {
        var flavor = Flavor()
        flavor.vcpus = 2
        flavor.memoryMB = 128
        flavor.extraSpecs = ["hw:watchdog_action": "x", "hw:tpm_version": "2.0", "hw:numa_nodes": "2"]
        var poor = HostAbilities()
        poor.cells = [HostAbilities.Cell(cpus: [0, 1], memoryMB: 1024)]
        func error(_ host: HostAbilities?) -> NovaError? {
            do {
                _ = try HardwareRules.decide(flavor, image: ["hw_firmware_type": "uefi"], host: host)
                return nil
            } catch { return NovaError(error) }
        }
        #expect(error(nil)?.code == .badRequest)
        let text = error(poor)?.message ?? ""
        for key in ["hw:watchdog_action", "hw:tpm_version", "hw:numa_nodes", "hw_firmware_type"] {
            #expect(text.contains(key), "\(text)")
        }
        flavor.extraSpecs["hw:watchdog_action"] = nil
        #expect(error(nil) == nil)
        // No mistake of the request: another host may have it.
        #expect(error(poor)?.code == .notImplemented)
        var container = HostAbilities()
        container.isContainer = true
        #expect(error(container)?.message.contains("containers") == true)
    }

    // MARK: What is given

    @Test func everythingAtOnce() {
        let rules = rules(
            [
                "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "isolate", "hw:numa_nodes": "2",
                "hw:mem_page_size": "2MB", "hw:watchdog_action": "pause", "hw_rng:rate_bytes": "2048",
                "os:secure_boot": "required", "hw:tpm_version": "2.0", "hw:boot_menu": "true",
                "hw:vif_multiqueue_enabled": "true", "hw_video:ram_max_mb": "32", "hw:serial_port_count": "3",
            ],
            [
                "hw_firmware_type": "uefi", "hw_watchdog_action": "reset", "hw_video_model": "qxl",
                "hw_video_ram": "16",
                "hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi", "hw_cdrom_bus": "sata",
                "hw_pointer_model": "ps2mouse", "hw_boot_menu": "false", "hw_qemu_guest_agent": "yes",
                "hw_serial_port_count": "2",
            ])
        #expect(rules.conflicts.isEmpty, "\(rules.conflicts)")
        let hardware = rules.hardware
        #expect(hardware.isDedicated && hardware.threadPolicy == .isolate && hardware.pageKiB == 2048)
        #expect(hardware.cells.map(\.cpus) == [[0, 1], [2, 3]] && hardware.cells.map(\.hostCell) == [0, 1])
        #expect(hardware.watchdog == "reset" && hardware.randomRate == .init(bytes: 2048, period: 1000))
        #expect(hardware.isUEFI && hardware.hasSecureBoot && hardware.machine == "q35")
        #expect(hardware.tpm == .init(version: "2.0", model: "tpm-tis"))
        #expect(hardware.video == "qxl" && hardware.videoKiB == 16384)
        #expect(hardware.diskBus == "scsi" && hardware.scsiModel == "virtio-scsi" && hardware.cdromBus == "sata")
        #expect(!hardware.hasTablet && !hardware.hasBootMenu && hardware.hasAgent)
        #expect(hardware.serialPorts == 2 && hardware.queues == 4)
    }

    @Test func nodesLieWhereTheyFit() {
        let specs = [
            "hw:numa_nodes": "2", "hw:numa_cpus.0": "0", "hw:numa_mem.0": "512", "hw:numa_cpus.1": "1-3",
            "hw:numa_mem.1": "1536",
        ]
        // The second one fits the host's first node alone.
        #expect(rules(specs, memory: 2048).hardware.cells.map(\.hostCell) == [1, 0])
        let cells = rules(specs, memory: 2048, host: nil).hardware.cells
        #expect(cells.map(\.memoryMB) == [512, 1536] && cells.map(\.hostCell) == [nil, nil])
    }

    @Test func largePagesAreTheLargestThatFit() {
        #expect(rules(["hw:mem_page_size": "large"]).hardware.pageKiB == 1_048_576)
        #expect(rules(["hw:mem_page_size": "large"], memory: 512).hardware.pageKiB == 2048)
        #expect(rules(["hw:mem_page_size": "any"], ["hw_mem_page_size": "2048"]).hardware.pageKiB == 2048)
        #expect(rules(["hw:mem_page_size": "any"]).hardware.pageKiB == nil)
        #expect(rules(["hw:mem_page_size": "4"]).hardware.pageKiB == nil)
        #expect(rules(["hw:mem_page_size": "2048"], memory: 2048).conflicts.map(\.isHosts) == [true])
    }

    // MARK: Notation

    @Test(
        arguments: [
            ("0", [0]), ("0-3,^1, 8", [0, 2, 3, 8]), ("", nil), ("3-1", nil), ("a", nil), ("1,,2", nil), ("^1", nil),
            ("-1", nil), ("0-99999", nil),
        ] as [(String, Set<Int>?)])
    func cpuLists(_ row: (text: String, wanted: Set<Int>?)) { #expect(CPUList.parse(row.text) == row.wanted) }

    @Test func cpuListsAreShort() {
        #expect(CPUList.text([3, 0, 1, 2, 8]) == "0-3,8")
        #expect(CPUList.text([]) == "")
    }

    @Test func abilitiesSurviveTheirReport() {
        #expect(HostAbilities(Self.host.words) == Self.host)
        #expect(HostAbilities([:]) == nil)
        #expect(HostAbilities(HostAbilities().words) == HostAbilities())
        #expect(
            HostAbilities(["kind": "machine", "pages": "x:y,1", "cells": "a:1;0-1", "threads": "-"]) == HostAbilities())
        #expect(Self.host.sharedCPUs == [0, 1, 4, 5] && HostAbilities().sharedCPUs == nil)
    }

    // MARK: Scheduling

    @Test func theSchedulerSaysWhatAHostLacks() {
        let filter = GuestHardwareFilter()
        let request = Fleet.request { $0.flavor.extraSpecs = ["hw:tpm_version": "2.0"] }
        #expect(filter.applies(to: request) && !filter.applies(to: Fleet.request()))
        let able = Fleet.host("able") { $0.resources.abilities = Self.host.words }
        let poor = Fleet.host("poor") { $0.resources.abilities = HostAbilities().words }
        #expect(filter.passes(able, request) && !filter.passes(poor, request))
        #expect(filter.reason(poor, request).contains("swtpm"))
        // A host of an earlier release does not say: it finds out when it is asked.
        #expect(filter.passes(Fleet.host("silent"), request))
    }

    @Test func rescueDevices() throws {
        #expect(try RescueDevice([:]) == nil)
        #expect(try RescueDevice(["hw_rescue_device": "cdrom", "hw_rescue_bus": "sata"])?.isCDROM == true)
        #expect(try RescueDevice(["hw_rescue_bus": "usb"])?.bus == "usb")
        for wrong in [
            ["hw_rescue_device": "floppy"], ["hw_rescue_bus": "rope"],
            ["hw_rescue_device": "cdrom", "hw_rescue_bus": "virtio"],
        ] {
            #expect(throws: NovaError.self) { try RescueDevice(wrong) }
        }
    }
}
