import CLibvirt
import NovaModel

/// What libvirt counts of a migration.
enum MigrationJob {
    /// The figures of the job that is under way; nil when there is none.
    static func current(_ domain: borrowing LibvirtDomain) throws -> MigrationFigures? { try figures(domain, flags: 0) }

    /// The figures of the job that has ended; nil when libvirt does not remember one.
    static func completed(_ domain: borrowing LibvirtDomain) throws -> MigrationFigures? {
        // Kept, so that operators can ask libvirt too.
        try figures(
            domain,
            flags: VIR_DOMAIN_JOB_STATS_COMPLETED.rawValue | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED.rawValue)
    }

    private static func figures(_ domain: borrowing LibvirtDomain, flags: UInt32) throws -> MigrationFigures? {
        var (kind, list, count): (Int32, virTypedParameterPtr?, Int32) = (0, nil, 0)
        guard virDomainGetJobStats(domain.pointer, &kind, &list, &count, flags) == 0 else {
            let error = LibvirtError.last()
            if error.isNoDomain || error.isInvalidOperation { return nil }
            throw error
        }
        defer { virTypedParamsFree(list, count) }
        guard UInt32(bitPattern: kind) != VIR_DOMAIN_JOB_NONE.rawValue else { return nil }
        func value(_ name: String) -> Int64 {
            var value: UInt64 = 0
            // What libvirt does not count stays 0.
            return virTypedParamsGetULLong(list, count, name, &value) == 1 ? Int64(clamping: value) : 0
        }
        var figures = MigrationFigures()
        figures.memoryTotal = value(VIR_DOMAIN_JOB_MEMORY_TOTAL)
        figures.memoryProcessed = value(VIR_DOMAIN_JOB_MEMORY_PROCESSED)
        figures.memoryRemaining = value(VIR_DOMAIN_JOB_MEMORY_REMAINING)
        figures.diskTotal = value(VIR_DOMAIN_JOB_DISK_TOTAL)
        figures.diskProcessed = value(VIR_DOMAIN_JOB_DISK_PROCESSED)
        figures.diskRemaining = value(VIR_DOMAIN_JOB_DISK_REMAINING)
        figures.elapsed = value(VIR_DOMAIN_JOB_TIME_ELAPSED)
        figures.downtime = value(VIR_DOMAIN_JOB_DOWNTIME)
        return figures
    }
}

/// How a domain stands between two hosts.
enum MigrationPresence {
    /// Inactive domains are here too: they are known, and have their disks here.
    static func of(_ domain: borrowing LibvirtDomain) throws -> GuestPresence {
        guard domain.isActive else { return .here }
        var (state, reason): (Int32, Int32) = (0, 0)
        guard virDomainGetState(domain.pointer, &state, &reason, 0) == 0 else { throw LibvirtError.last() }
        switch UInt32(bitPattern: state) {
        case VIR_DOMAIN_PAUSED.rawValue where pausedOnTheWay.contains(UInt32(bitPattern: reason)): return .moving
        case VIR_DOMAIN_RUNNING.rawValue where runningOnTheWay.contains(UInt32(bitPattern: reason)): return .moving
        default: break
        }
        // A guest that comes is known for good when it has come, and not before.
        let isKept = virDomainIsPersistent(domain.pointer)
        guard isKept >= 0 else { throw LibvirtError.last() }
        return isKept == 1 ? .here : .moving
    }

    private static let pausedOnTheWay = [
        VIR_DOMAIN_PAUSED_MIGRATION.rawValue, VIR_DOMAIN_PAUSED_STARTING_UP.rawValue,
        VIR_DOMAIN_PAUSED_POSTCOPY.rawValue, VIR_DOMAIN_PAUSED_POSTCOPY_FAILED.rawValue,
    ]
    private static let runningOnTheWay = [
        VIR_DOMAIN_RUNNING_POSTCOPY.rawValue, VIR_DOMAIN_RUNNING_POSTCOPY_FAILED.rawValue,
    ]
}
