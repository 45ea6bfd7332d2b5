import CLibvirt
import Glibc
import NovaCore
import NovaModel

/// Owns one domain pointer and frees it.
struct LibvirtDomain: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { virDomainFree(pointer) }

    /// The domain of a server; nil when there is none.
    static func find(_ id: ServerID, on connection: OpaquePointer) throws -> LibvirtDomain? {
        guard let pointer = virDomainLookupByUUIDString(connection, id.description) else {
            let error = LibvirtError.last()
            if error.isNoDomain { return nil }
            throw error
        }
        return LibvirtDomain(owning: pointer)
    }

    /// The domain's UUID, which is the server's id.
    static func identifier(of pointer: OpaquePointer) -> ServerID? {
        var text = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        guard virDomainGetUUIDString(pointer, &text) == 0 else { return nil }
        return ServerID(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// Whose the domain is; nil when it does not carry our kind of mark.
    func mark() throws -> DomainMark? {
        guard
            let raw = virDomainGetMetadata(
                pointer, Int32(VIR_DOMAIN_METADATA_ELEMENT.rawValue), DomainMark.namespace, 0)
        else {
            let error = LibvirtError.last()
            if error.isNoMetadata || error.isNoDomain { return nil }
            throw error
        }
        defer { free(raw) }
        return DomainMark(String(cString: raw))
    }

    func powerState() throws -> PowerState {
        var state: Int32 = 0
        guard virDomainGetState(pointer, &state, nil, 0) == 0 else { throw LibvirtError.last() }
        switch UInt32(bitPattern: state) {
        case VIR_DOMAIN_RUNNING.rawValue, VIR_DOMAIN_BLOCKED.rawValue, VIR_DOMAIN_SHUTDOWN.rawValue: return .running
        case VIR_DOMAIN_PAUSED.rawValue: return .paused
        case VIR_DOMAIN_SHUTOFF.rawValue: return .shutdown
        case VIR_DOMAIN_CRASHED.rawValue: return .crashed
        case VIR_DOMAIN_PMSUSPENDED.rawValue: return .suspended
        default: return .noState
        }
    }

    var isActive: Bool { virDomainIsActive(pointer) == 1 }

    func start() throws {
        guard virDomainCreate(pointer) == 0 else {
            let error = LibvirtError.last()
            if error.isInvalidOperation, isActive { return }
            throw error
        }
    }

    /// Switches the domain off; one that is off stays so.
    func stop() throws {
        guard isActive else { return }
        guard virDomainDestroy(pointer) == 0 else {
            let error = LibvirtError.last()
            if error.isNoDomain || !isActive { return }
            throw error
        }
    }

    /// Asks the guest to shut down by its power button.
    func requestShutdown() throws {
        guard isActive else { return }
        guard
            virDomainShutdownFlags(pointer, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN.rawValue) == 0
                || virDomainShutdown(pointer) == 0
        else {
            let error = LibvirtError.last()
            if !isActive { return }
            throw error
        }
    }

    /// Whether the domain's memory was saved, to be taken up again by the next start.
    var hasSavedMemory: Bool { virDomainHasManagedSaveImage(pointer, 0) == 1 }

    /// Makes the next start a boot.
    func forgetSavedMemory() throws {
        guard hasSavedMemory else { return }
        guard virDomainManagedSaveRemove(pointer, 0) == 0 else { throw LibvirtError.last() }
    }

    /// The description of the domain as it is now.
    func description(flags: UInt32 = 0) throws -> String {
        guard let raw = virDomainGetXMLDesc(pointer, flags) else { throw LibvirtError.last() }
        defer { free(raw) }
        return String(cString: raw)
    }

    /// Forgets the domain with its saved state and snapshots; its firmware's variables are among the instance's files.
    func undefine() throws {
        let flags =
            VIR_DOMAIN_UNDEFINE_MANAGED_SAVE.rawValue | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA.rawValue
            | VIR_DOMAIN_UNDEFINE_KEEP_NVRAM.rawValue
        if virDomainUndefineFlags(pointer, flags) == 0 || LibvirtError.last().isNoDomain { return }
        // Hypervisors without firmware or snapshots know no flags.
        guard virDomainUndefine(pointer) == 0 else {
            let error = LibvirtError.last()
            if error.isNoDomain { return }
            throw error
        }
    }
}
