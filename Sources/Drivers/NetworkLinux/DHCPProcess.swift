import Glibc

/// Processes of dnsmasq, known by their command lines.
///
/// Every function blocks.
enum DHCPProcess {
    /// The arguments of a dnsmasq, without its name; nil when the process is none or is gone.
    static func arguments(of pid: pid_t) -> [String]? {
        guard let bytes = HostFiles.bytes("/proc/\(pid)/cmdline") else { return nil }
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let program = words.first, program == "dnsmasq" || program.hasSuffix("/dnsmasq") else { return nil }
        return Array(words.dropFirst().dropLast(words.last == "" ? 1 : 0))
    }

    /// Every dnsmasq whose arguments fit.
    static func all(where fits: ([String]) -> Bool) -> [(pid: pid_t, arguments: [String])] {
        HostFiles.names(in: "/proc").compactMap { name in
            guard let pid = pid_t(name), let arguments = arguments(of: pid), fits(arguments) else { return nil }
            return (pid, arguments)
        }
    }

    /// Ends a dnsmasq that has this argument: politely, and after two seconds by force.
    static func end(_ pid: pid_t, where argument: String) {
        for round in 0..<300 {
            guard arguments(of: pid)?.contains(argument) == true else { return }
            if round == 0 { kill(pid, SIGTERM) }
            if round == 200 { kill(pid, SIGKILL) }
            usleep(10_000)
        }
    }
}
