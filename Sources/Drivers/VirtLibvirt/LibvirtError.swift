import CLibvirt
import NovaCore

/// libvirt's last error on this thread; read at once after the call that failed.
struct LibvirtError: Error {
    let code: Int32
    let domain: Int32
    let message: String

    static func last() -> LibvirtError {
        guard let error = virGetLastError() else { return LibvirtError(code: 0, domain: 0, message: "unknown error") }
        let text = error.pointee.message.map { String(cString: $0) } ?? "unknown error"
        return LibvirtError(code: error.pointee.code, domain: error.pointee.domain, message: text)
    }

    var isNoDomain: Bool { code == Int32(VIR_ERR_NO_DOMAIN.rawValue) }
    var isNoMetadata: Bool { code == Int32(VIR_ERR_NO_DOMAIN_METADATA.rawValue) }
    var isUnsupported: Bool { code == Int32(VIR_ERR_NO_SUPPORT.rawValue) }
    var isInvalidOperation: Bool { code == Int32(VIR_ERR_OPERATION_INVALID.rawValue) }
    /// Whether QEMU cannot let a guest move before its memory: of its host's kernel it has no leave for it, or it is older.
    ///
    /// There is no code for it. One whose post-copy broke off in the middle says other words, and must not begin again.
    var refusesPostCopy: Bool {
        let words = message.lowercased()
        return words.contains("not supported") && (words.contains("postcopy") || words.contains("post-copy"))
    }

    /// The error for callers, with what was being done.
    func novaError(_ action: String) -> NovaError {
        NovaError(
            .hypervisor, "The hypervisor of the compute host refused the action.",
            details: "libvirt: \(action): \(message.prefix(800)) (code \(code), domain \(domain))")
    }
}
