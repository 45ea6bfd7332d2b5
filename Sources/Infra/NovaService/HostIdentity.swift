import Glibc
import NovaCore

/// Who and where this process is.
enum HostIdentity {
    /// The kernel's host name, "localhost" when it has none.
    static func hostName() -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, 255) == 0 else { return "localhost" }
        let name = text(bytes)
        return name.isEmpty ? "localhost" : name
    }

    /// The first IPv4 address that is not of the loopback interface, else 127.0.0.1.
    static func firstAddress() -> String {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return "127.0.0.1" }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let address = entry.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
                entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            var bytes = [CChar](repeating: 0, count: 64)
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            if getnameinfo(address, size, &bytes, 64, nil, 0, NI_NUMERICHOST) == 0 { return text(bytes) }
        }
        return "127.0.0.1"
    }

    /// Makes a folder and those above it; one that exists is fine.
    static func makeFolder(_ path: String) throws {
        var current = ""
        for part in path.split(separator: "/") {
            current += "/\(part)"
            guard mkdir(current, 0o755) != 0, errno != EEXIST else { continue }
            let cause = String(cString: strerror(errno))
            if access(current, F_OK) == 0 { continue }
            throw NovaError(
                .badRequest, "Cannot create the state folder \(current): \(cause). Set [DEFAULT] state_path.")
        }
        guard access(path, W_OK) == 0 else {
            throw NovaError(
                .badRequest, "The state folder \(path) is not writable. Set [DEFAULT] state_path or its owner.")
        }
    }

    /// The cloud's id as configured, else the one in the state folder, which is made once.
    ///
    /// Several daemons may start at the same moment: the file is linked into place, so that the first one wins.
    static func cloudID(configured: String, statePath: String) throws -> CloudID {
        if !configured.isEmpty {
            guard let id = CloudID(configured) else {
                throw NovaError(.badRequest, "[DEFAULT] cloud_id must be a UUID, not \"\(configured)\".")
            }
            return id
        }
        let path = "\(statePath)/cloud_id"
        if let id = try read(path) { return id }
        let fresh = CloudID.random()
        let draft = "\(path).\(fresh)"
        let bytes = Array("\(fresh)\n".utf8)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("create", draft) }
        let written = write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
        close(file)
        defer { unlink(draft) }
        guard written else { throw failure("write", draft) }
        if link(draft, path) != 0, errno != EEXIST { throw failure("create", path) }
        guard let id = try read(path) else { throw failure("read", path) }
        return id
    }

    private static func read(_ path: String) throws -> CloudID? {
        guard let file = fopen(path, "re") else {
            if errno == ENOENT { return nil }
            throw failure("read", path)
        }
        defer { fclose(file) }
        var bytes = [CChar](repeating: 0, count: 64)
        guard fgets(&bytes, 64, file) != nil, let id = CloudID(text(bytes).prefix(36)) else {
            throw NovaError(.badRequest, "The file \(path) holds no UUID. Restore it, or set [DEFAULT] cloud_id.")
        }
        return id
    }

    private static func failure(_ verb: String, _ path: String) -> NovaError {
        NovaError(.badRequest, "Cannot \(verb) \(path): \(String(cString: strerror(errno))).")
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
