import CLibvirt
import Glibc
import NovaCore
import NovaModel
import NovaXML
import Synchronization
import VirtDriver

/// What a host can give, as it was when it was last looked at: packages and memory pages come and go.
final class HostDescriptionCache: Sendable {
    private static let age = Duration.seconds(60)
    private let state = Mutex<(description: HostDescription, at: ContinuousClock.Instant)?>(nil)

    /// The description, read anew when it is old.
    func value(_ read: () async throws -> HostDescription) async throws -> HostDescription {
        let now = SteadyClock.now
        if let known = state.withLock({ $0 }), known.at.duration(to: now) < Self.age { return known.description }
        let description = try await read()
        state.withLock { $0 = (description, now) }
        return description
    }
}

// What hardware a guest gets on this host.
extension LibvirtDriver {
    /// nil on libvirt's test hypervisor.
    func description() async throws -> HostDescription? {
        guard options.virtType != "test" else { return nil }
        let options = options
        return try await descriptions.value {
            try await connection.run("ask for the host's abilities") { connection in
                guard let capabilities = virConnectGetCapabilities(connection) else { throw LibvirtError.last() }
                defer { free(capabilities) }
                var machines: [String] = []
                for machine in Set([options.machine, "q35"]).sorted() {
                    // A machine type that this hypervisor does not have adds nothing.
                    guard
                        let text = virConnectGetDomainCapabilities(
                            connection, nil, "x86_64", machine, options.virtType, 0)
                    else { continue }
                    machines.append(String(cString: text))
                    free(text)
                }
                return try HostDescription(
                    capabilities: String(cString: capabilities), machines: machines, machine: options.machine,
                    dedicated: options.dedicatedCPUs)
            }
        }
    }

    /// Decides an instance's hardware, and gives what needs it a document of it.
    ///
    /// CPUs are chosen and put into libvirt's definition, which is what says that they are taken, by one at a time.
    /// - Throws: ``NovaError`` that lists all that the host cannot give.
    func withDocument(
        _ instance: InstanceSpec, _ parts: InstanceParts, _ body: @Sendable (String) async throws -> Void
    ) async throws {
        guard let description = try await description() else {
            return try await body(domainDocument(instance, parts).element.serialized())
        }
        let hardware = try HardwareRules.decide(
            instance.flavor, image: instance.hardwareProperties, host: description.abilities)
        var document = domainDocument(instance, parts)
        document.hardware = hardware
        document.hostCells = description.abilities.cells
        document.sharedCPUs = description.abilities.sharedCPUs
        guard hardware.isDedicated else { return try await body(document.element.serialized()) }
        try await pinning.with { [document] in
            var document = document
            document.pins = try await pins(instance, hardware, description)
            try await body(document.element.serialized())
        }
    }

    /// The CPUs that an instance has already, else free ones.
    private func pins(
        _ instance: InstanceSpec, _ hardware: GuestHardware, _ description: HostDescription
    ) async throws -> CPUPins {
        var taken = try await domains.pins()
        let own = taken.removeValue(forKey: instance.id)
        let free = taken.values.reduce(into: description.abilities.dedicatedCPUs) { $0.subtract($1.held) }
        let count = Int(clamping: instance.flavor.vcpus)
        if let own, own.cpus.count == count, own.held.isSubset(of: free) { return own }
        let pins = CPUPins.choose(
            count, for: hardware, free: free, siblings: description.siblings,
            cells: description.abilities.cells.map(\.cpus))
        guard let pins else {
            throw NovaError(
                .hypervisor, "The compute host has not enough dedicated CPUs left for the server.",
                details: "\(count) wanted with hw:cpu_thread_policy=\(hardware.threadPolicy.rawValue), free are "
                    + "\(free.isEmpty ? "none" : CPUList.text(free)) of \(CPUList.text(description.abilities.dedicatedCPUs))"
            )
        }
        return pins
    }
}

extension LibvirtDomains {
    /// The CPUs that our guests have for themselves, also those that are off.
    func pins() async throws -> [ServerID: CPUPins] {
        let context = context
        let ids = try await powerStates().keys
        return try await connection.run("look at dedicated CPUs") { connection in
            var pins: [ServerID: CPUPins] = [:]
            for id in ids {
                guard let domain = try LibvirtDomain.find(id, on: connection) else { continue }
                try Self.check(domain, id, context)
                let text = try domain.description(flags: VIR_DOMAIN_XML_INACTIVE.rawValue)
                if let found = CPUPins(try XMLReader.parse(text)) { pins[id] = found }
            }
            return pins
        }
    }
}

extension CPUPins {
    /// Those of a domain's description; nil when it has no dedicated CPUs, which are those with one for the emulator, too.
    init?(_ domain: XMLElement) {
        guard let tune = domain.first("cputune"),
            let held = tune.first("emulatorpin")?[attribute: "cpuset"].flatMap({ CPUList.parse($0) })
        else { return nil }
        let pins = tune.all("vcpupin").compactMap { pin -> (Int, Int)? in
            guard let cpu = pin[attribute: "vcpu"].flatMap({ Int($0) }),
                let host = pin[attribute: "cpuset"].flatMap({ Int($0) })
            else { return nil }
            return (cpu, host)
        }
        self.init(cpus: pins.sorted { $0.0 < $1.0 }.map(\.1), held: held)
    }
}
