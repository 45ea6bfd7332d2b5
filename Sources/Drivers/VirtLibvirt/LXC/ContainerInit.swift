import Glibc
import NovaCore

/// The init of a container, as a process of this host.
///
/// libvirt's own knowledge of it is not used: its driver misses now and then that a container has a new init (the notice
/// can come before it listens), keeps the number of the one before, and sends signals to whoever has that number now.
struct ContainerInit {
    let process: pid_t

    /// - Parameters:
    ///   - controller: the process `libvirt_lxc` of the container, whose number is the running domain's id.
    ///   - proc: where the kernel shows its processes.
    /// - Returns: nil when the controller has ended or its container has no init.
    init?(of controller: UInt32, proc: String = "/proc") {
        let threads = "\(proc)/\(controller)/task"
        for thread in FolderNames.orNone(threads) {
            // Separated by spaces; only the thread that made a process lists it.
            let children = Self.text("\(threads)/\(thread)/children").split(separator: " ")
            for child in children.compactMap({ pid_t($0) }) where Self.isInit(child, proc) {
                process = child
                return
            }
        }
        return nil
    }

    /// Asks it to end, by the signals that mean it to System V's init (`SIGPWR`), systemd (`SIGRTMIN+4`) and busybox
    /// (`SIGUSR2`).
    ///
    /// The others take no notice: the kernel keeps from an init all signals that it has no handler for. One that has
    /// ended meanwhile is no error.
    func askToEnd() {
        for signal in [SIGPWR, 38, SIGUSR2] { kill(process, signal) }
    }

    /// Whether a process is number 1 of an innermost process namespace (proc(5), `NSpid`).
    private static func isInit(_ process: pid_t, _ proc: String) -> Bool {
        text("\(proc)/\(process)/status").split(separator: "\n").contains { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            return fields.first == "NSpid:" && fields.count > 2 && fields.last == "1"
        }
    }

    /// A file of the kernel's, up to 64 KiB; empty when it cannot be read.
    private static func text(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = max(0, read(file, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
