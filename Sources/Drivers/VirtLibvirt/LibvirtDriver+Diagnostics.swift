import CLibvirt
public import NovaCore
public import NovaModel
import NovaXML
public import VirtDriver

extension LibvirtDriver: DiagnosticsDriver {
    public func diagnostics(_ id: ServerID) async throws -> InstanceDiagnostics {
        let virtType = options.virtType
        return try await onDomain(id, "look at the devices of") { domain in
            var result = InstanceDiagnostics()
            result.powerState = try domain.powerState()
            result.hypervisor = virtType
            result.hypervisorOS = "linux"
            var info = virDomainInfo()
            guard virDomainGetInfo(domain.pointer, &info) == 0 else { throw LibvirtError.last() }
            result.maximumMemoryMB = Int64(info.maxMem / 1024)
            guard domain.isActive else { return result }
            result.usedMemoryMB = Int64(info.memory / 1024)
            result.cpus = Self.cpus(domain, count: Int(info.nrVirtCpu))
            let devices = try XMLReader.parse(try domain.description()).first("devices")
            result.disks = devices?.all("disk").compactMap { Self.disk($0, domain) } ?? []
            result.nics = devices?.all("interface").compactMap { Self.nic($0, domain) } ?? []
            return result
        }
    }

    private static func cpus(_ domain: borrowing LibvirtDomain, count: Int) -> [CPUDiagnostics] {
        let limit = max(1, min(count, 1024))
        var infos = [virVcpuInfo](repeating: virVcpuInfo(), count: limit)
        let found = virDomainGetVcpus(domain.pointer, &infos, Int32(limit), nil, 0)
        return infos.prefix(Int(max(0, found))).map {
            CPUDiagnostics(id: Int64($0.number), time: Int64(clamping: $0.cpuTime))
        }
    }

    private static func disk(_ element: XMLElement, _ domain: borrowing LibvirtDomain) -> DiskDiagnostics? {
        guard let device = element.first("target")?[attribute: "dev"] else { return nil }
        var disk = DiskDiagnostics()
        disk.device = device
        var stats = virDomainBlockStatsStruct()
        let size = MemoryLayout<virDomainBlockStatsStruct>.size
        // A device that counts nothing is shown without figures.
        guard virDomainBlockStats(domain.pointer, device, &stats, size) == 0 else {
            return disk
        }
        disk.readBytes = known(stats.rd_bytes)
        disk.readRequests = known(stats.rd_req)
        disk.writtenBytes = known(stats.wr_bytes)
        disk.writeRequests = known(stats.wr_req)
        disk.errors = known(stats.errs)
        return disk
    }

    private static func nic(_ element: XMLElement, _ domain: borrowing LibvirtDomain) -> NICDiagnostics? {
        guard let device = element.first("target")?[attribute: "dev"] else { return nil }
        var nic = NICDiagnostics()
        nic.device = device
        nic.mac = element.first("mac")?[attribute: "address"]
        var stats = virDomainInterfaceStatsStruct()
        let size = MemoryLayout<virDomainInterfaceStatsStruct>.size
        guard virDomainInterfaceStats(domain.pointer, device, &stats, size) == 0 else {
            return nic
        }
        nic.received = NICTraffic(
            bytes: known(stats.rx_bytes), packets: known(stats.rx_packets), errors: known(stats.rx_errs),
            dropped: known(stats.rx_drop))
        nic.sent = NICTraffic(
            bytes: known(stats.tx_bytes), packets: known(stats.tx_packets), errors: known(stats.tx_errs),
            dropped: known(stats.tx_drop))
        return nic
    }

    /// libvirt says -1 for what it does not know.
    private static func known(_ value: Int64) -> Int64? { value < 0 ? nil : value }
}
