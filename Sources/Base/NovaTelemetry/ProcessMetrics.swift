import Glibc

/// What the kernel says of this process, under the names that Prometheus' own clients use.
public enum ProcessMetrics {
    /// Adds memory, processor time, open files and start time of this process to a registry.
    public static func register(in registry: MetricsRegistry) {
        let resident = registry.gauge("process_resident_memory_bytes", help: "Resident memory size in bytes.")
        let cpu = registry.gauge("process_cpu_seconds_total", help: "User and system processor time in seconds.")
        let files = registry.gauge("process_open_fds", help: "Number of open file descriptors.")
        let limit = registry.gauge("process_max_fds", help: "Largest number of open file descriptors.")
        let start = registry.gauge("process_start_time_seconds", help: "Start time since the epoch in seconds.")
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        start.set(Double(now.tv_sec))
        registry.onRender {
            resident.set(residentBytes())
            cpu.set(processorSeconds())
            files.set(openFiles())
            var bounds = rlimit()
            if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &bounds) == 0 {
                limit.set(Double(bounds.rlim_cur))
            }
        }
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The second number of `/proc/self/statm`, in pages.
    private static func residentBytes() -> Double {
        guard let file = fopen("/proc/self/statm", "re") else { return 0 }
        defer { fclose(file) }
        var bytes = [CChar](repeating: 0, count: 128)
        guard fgets(&bytes, 128, file) != nil else { return 0 }
        let text = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let parts = text.split(separator: " ")
        guard parts.count > 1, let pages = Int(parts[1]) else { return 0 }
        return Double(pages) * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func openFiles() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return max(0, count - 3)  // ".", ".." and the folder itself
    }
}
