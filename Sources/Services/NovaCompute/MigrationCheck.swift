import NovaModel

/// Whether a host can take a running guest: a comparison that names all that stands against it, apart from all input and
/// output.
struct MigrationCheck {
    /// What is known of the host.
    struct Host {
        var driver = ""
        var network = ""
        /// Bytes; nil for hosts whose guests have no disks.
        var freeDisk: Int64?
        /// Whether the image that the guest's disk lies over is here or can be had.
        var hasBase = true
        /// The same of its kernel and ramdisk.
        var hasBootFiles = true
        /// What the hypervisor itself says.
        var refusals: [String] = []
    }

    var needs: GuestNeeds
    var host: Host
    /// Whether what the disks take now counts, not what the guest sees.
    var allowsOvercommit = true

    /// A part of a sentence each; none when the guest may come.
    var mismatches: [String] {
        // Nothing else can be compared.
        guard host.driver == needs.driver else {
            return ["its hypervisor driver is \(host.driver), the guest's is \(needs.driver)"]
        }
        var mismatches = host.refusals
        if host.network != needs.network {
            mismatches.append("it connects guests by \(host.network), the guest's host by \(needs.network)")
        }
        if !host.hasBase { mismatches.append("it has no copy of the guest's image, and the image is deleted") }
        if !host.hasBootFiles { mismatches.append("the guest's kernel or ramdisk is deleted") }
        if let disk = disk { mismatches.append(disk) }
        for disk in needs.disks where !["raw", "qcow2"].contains(disk.format) || disk.virtualSize <= 0 {
            mismatches.append("the guest's disk \(disk.name) is of a kind that cannot be copied")
        }
        return mismatches
    }

    private var disk: String? {
        guard let free = host.freeDisk else { return nil }
        let wanted = needs.disks.reduce(Int64(0)) { sum, disk in
            let (result, overflows) = sum.addingReportingOverflow(
                max(0, allowsOvercommit ? disk.allocated : disk.virtualSize))
            return overflows ? .max : result
        }
        guard wanted > free else { return nil }
        return "its disk has \(free >> 20) MiB free, the guest needs \(wanted >> 20) MiB"
    }
}
