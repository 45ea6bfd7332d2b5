import NovaCore

/// Looks at an image's file before anybody uses it.
///
/// It says how large a disk guests see, and refuses files that are not what their owner says, that would make a
/// hypervisor open other files, or that are larger than they may be once they are unpacked. It reads headers only,
/// with code of its own: no tool is run on bytes of unknown origin here.
struct DiskInspector: Sendable {
    /// The largest disk that an image may hold, in bytes.
    let virtualSizeLimit: Int64

    /// Bytes that a guest sees; nil when the container or the format does not tell.
    ///
    /// - Throws: ``NovaError`` `unsupportedMedia` for a file that is refused, with the reason.
    func virtualSize(of file: UntrustedFile, diskFormat: String, containerFormat: String) throws -> Int64? {
        guard containerFormat == "bare" || ["ami", "ari", "aki"].contains(containerFormat) else { return nil }
        let found = try DiskFormat(of: file)
        let size: UInt64
        switch (diskFormat, found) {
        case ("raw", .raw), ("raw", .iso), ("raw", .luks), ("ami", .raw), ("ari", .raw), ("aki", .raw), ("iso", .iso):
            return file.size
        case ("qcow2", .qcow2): size = try QCOW2File(file).virtualSize()
        case ("vmdk", .vmdk): size = try VMDKFile(file).virtualSize()
        case ("vhd", .vhd), ("vhd", .raw): size = try VHDFile(file).virtualSize()
        case ("vhdx", .vhdx): size = try VHDXFile(file).virtualSize()
        case ("vdi", .vdi): size = try VDIFile(file).virtualSize()
        case ("ploop", .raw): return nil
        default:
            throw Self.refusal("it says \(diskFormat), but its data is \(found.rawValue)")
        }
        guard size <= UInt64(max(0, virtualSizeLimit)), let known = Int64(exactly: size) else {
            throw Self.refusal("its disk of \(size) bytes is larger than the limit of \(virtualSizeLimit >> 30) GiB")
        }
        return known
    }

    /// Why a file is refused; clients see it with status 415.
    static func refusal(_ why: String) -> NovaError {
        NovaError(.unsupportedMedia, "The image's data cannot be taken: \(why).")
    }
}
