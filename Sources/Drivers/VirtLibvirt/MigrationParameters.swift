import CLibvirt

/// The named parameters of a call of libvirt; frees them.
struct MigrationParameters: ~Copyable {
    private(set) var list: virTypedParameterPtr?
    private(set) var count: Int32 = 0
    private var capacity: Int32 = 0

    init() {}
    deinit { virTypedParamsFree(list, count) }

    mutating func add(_ name: String, _ value: String) throws {
        guard virTypedParamsAddString(&list, &count, &capacity, name, value) == 0 else { throw LibvirtError.last() }
    }

    mutating func add(_ name: String, _ value: UInt64) throws {
        guard virTypedParamsAddULLong(&list, &count, &capacity, name, value) == 0 else { throw LibvirtError.last() }
    }
}
