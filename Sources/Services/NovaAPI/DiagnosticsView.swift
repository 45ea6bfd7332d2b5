import NovaModel
import NovaSchema

/// The diagnostics of a server: the same fields for all hypervisors since 2.48, before as libvirt names them.
struct DiagnosticsView {
    private let diagnostics: InstanceDiagnostics
    private let hasConfigDrive: Bool

    init(_ diagnostics: InstanceDiagnostics, hasConfigDrive: Bool) {
        self.diagnostics = diagnostics
        self.hasConfigDrive = hasConfigDrive
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("state", diagnostics.powerState == .noState ? "pending" : diagnostics.powerState.rawValue)
            writer.field("driver", diagnostics.driver)
            writer.field("hypervisor", diagnostics.hypervisor)
            writer.field("hypervisor_os", diagnostics.hypervisorOS)
            writer.field("uptime", diagnostics.uptime)
            writer.field("config_drive", hasConfigDrive)
            writer.field("num_cpus", Int64(diagnostics.cpus.count))
            writer.field("num_nics", Int64(diagnostics.nics.count))
            writer.field("num_disks", Int64(diagnostics.disks.count))
            writer.field(
                "cpu_details",
                array: { writer in
                    for cpu in diagnostics.cpus {
                        writer.object { writer in
                            writer.field("id", cpu.id)
                            writer.field("time", cpu.time)
                            writer.null("utilisation")
                        }
                    }
                })
            writer.field("nic_details", array: { writer in for nic in diagnostics.nics { write(nic, to: &writer) } })
            writer.field(
                "disk_details", array: { writer in for disk in diagnostics.disks { write(disk, to: &writer) } })
            writer.field(
                "memory_details",
                object: { writer in
                    writer.field("maximum", diagnostics.maximumMemoryMB)
                    writer.field("used", diagnostics.usedMemoryMB)
                })
        }
    }

    private func write(_ nic: NICDiagnostics, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("mac_address", nic.mac)
            for (prefix, traffic) in [("rx", nic.received), ("tx", nic.sent)] {
                writer.field("\(prefix)_octets", traffic.bytes)
                writer.field("\(prefix)_packets", traffic.packets)
                writer.field("\(prefix)_errors", traffic.errors)
                writer.field("\(prefix)_drop", traffic.dropped)
                writer.null("\(prefix)_rate")
            }
        }
    }

    private func write(_ disk: DiskDiagnostics, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("read_bytes", disk.readBytes)
            writer.field("read_requests", disk.readRequests)
            writer.field("write_bytes", disk.writtenBytes)
            writer.field("write_requests", disk.writeRequests)
            writer.field("errors_count", disk.errors)
        }
    }

    /// Before 2.48: one flat object.
    func writeOld(to writer: inout JSONWriter) {
        writer.object { writer in
            for cpu in diagnostics.cpus { writer.field("cpu\(cpu.id)_time", cpu.time) }
            for disk in diagnostics.disks {
                writer.field("\(disk.device)_read", disk.readBytes)
                writer.field("\(disk.device)_read_req", disk.readRequests)
                writer.field("\(disk.device)_write", disk.writtenBytes)
                writer.field("\(disk.device)_write_req", disk.writeRequests)
                writer.field("\(disk.device)_errors", disk.errors)
            }
            for nic in diagnostics.nics {
                for (word, traffic) in [("rx", nic.received), ("tx", nic.sent)] {
                    writer.field("\(nic.device)_\(word)", traffic.bytes)
                    writer.field("\(nic.device)_\(word)_packets", traffic.packets)
                    writer.field("\(nic.device)_\(word)_errors", traffic.errors)
                    writer.field("\(nic.device)_\(word)_drop", traffic.dropped)
                }
            }
            writer.field("memory", diagnostics.maximumMemoryMB.map { $0 &* 1024 })
            writer.field("memory-actual", diagnostics.usedMemoryMB.map { $0 &* 1024 })
        }
    }
}
