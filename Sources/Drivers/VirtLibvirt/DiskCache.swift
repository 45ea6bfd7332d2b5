import Glibc

/// Decides the disk cache mode of guests.
enum DiskCache {
    #if arch(arm64)
    private static let directFlag: Int32 = 0x10000
    #else
    private static let directFlag: Int32 = 0x4000  // O_DIRECT, which Swift's Glibc module does not show
    #endif

    /// `none` where files of the folder can be opened past the page cache, else `writeback`.
    static func mode(for folder: String) -> String {
        let probe = "\(folder)/.direct-probe-\(getpid())"
        let file = open(probe, O_WRONLY | O_CREAT | O_CLOEXEC | directFlag, 0o600)
        unlink(probe)
        guard file >= 0 else { return "writeback" }
        close(file)
        return "none"
    }
}
