import CLibvirt
import Glibc
import Logging
import NovaConsoleLog
import NovaCore
import NovaModel
import NovaProcess
import NovaXML
import VirtDriver

/// Sees to it that what each container prints is taken down.
///
/// A process of its own reads each container's terminal, and outlives us; one that is missing is started again. libvirt
/// itself keeps no log of containers.
final class ContainerConsole: Sendable {
    /// Between looks for containers whose reader has died.
    private static let interval = Duration.seconds(5)

    private let domains: LibvirtDomains
    private let program: String
    private let log: Logger

    /// - Parameter program: `nova-console-log`, absolute.
    init(_ domains: LibvirtDomains, program: String, log: Logger) {
        self.domains = domains
        self.program = program
        self.log = log
    }

    func path(_ id: ServerID) -> String {
        InstanceParts(folder: "\(domains.context.instancesPath)/\(id)").consolePath
    }

    /// Looks after all containers until cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                for (id, state) in try await domains.powerStates() where state == .running || state == .paused {
                    await attend(id)
                }
                try await SteadyClock.sleep(for: Self.interval)
            } catch is CancellationError {
                return
            } catch {
                log.debug("the containers could not be listed: \(NovaError(error))")
                // Ends at once when we are cancelled.
                try? await SteadyClock.sleep(for: Self.interval)
            }
        }
    }

    /// Starts a reader of a container's terminal where none runs.
    func attend(_ id: ServerID) async {
        let (program, path) = (program, path(id))
        do {
            let isNew = try await domains.onDomain(id, "read the console of") { domain in
                guard domain.isActive else { return false }
                let life = domain.life
                let lifeText = "domain \(life)"
                guard ConsoleLock.holder(ConsoleLock.path(of: path)) != lifeText else { return false }
                guard let terminal = try Self.open(domain) else { return false }
                defer { close(terminal) }
                // The terminal's name may have become another's between the two calls; now it is open.
                guard domain.isActive, domain.life == life else { return false }
                try DetachedProcess.start(program, [path, lifeText], input: terminal)
                return true
            }
            if isNew { log.info("the console of a container is read", metadata: ["server": "\(id)"]) }
        } catch {
            log.warning("the console of a container is not read: \(NovaError(error))", metadata: ["server": "\(id)"])
        }
    }

    /// Opens the terminal of a running container; nil when it has none.
    private static func open(_ domain: borrowing LibvirtDomain) throws -> Int32? {
        let console = try XMLReader.parse(try domain.description()).at("devices", "console")
        guard let name = console?.first("source")?[attribute: "path"], name.hasPrefix("/dev/pts/") else { return nil }
        let terminal = Glibc.open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else {
            throw NovaError(
                .hypervisor, "The console of a container cannot be opened.",
                details: "\(name): \(String(cString: strerror(errno)))")
        }
        return terminal
    }
}
