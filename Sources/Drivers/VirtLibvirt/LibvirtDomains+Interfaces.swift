import CLibvirt
import Glibc
import NovaCore
import NovaModel
import NovaXML

// Network devices of guests that may run. They are known by their hardware address.
extension LibvirtDomains {
    /// How long a guest may take to let go of a device, and after how long it is asked again.
    private static let patience = Duration.seconds(100)
    private static let repetition = Duration.seconds(10)
    private static let look = Duration.milliseconds(200)

    /// Adds a device to the running guest and to its definition, wherever it is missing.
    ///
    /// - Parameter xml: the element that describes it.
    func attachInterface(_ id: ServerID, mac: String, _ xml: String) async throws {
        try await onDomain(id, "attach a network device to") { domain in
            for place in domain.places where try !domain.hasInterface(mac, place) {
                guard virDomainAttachDeviceFlags(domain.pointer, xml, place.flags) == 0 else {
                    let error = LibvirtError.last()
                    // A guest that has ended meanwhile finds it in its definition.
                    if place == .live, !domain.isActive { continue }
                    throw error
                }
            }
        }
    }

    /// Takes a device from the running guest, and from its definition once the guest has let go of it.
    func detachInterface(_ id: ServerID, mac: String, _ xml: String) async throws {
        let deadline = Deadline.after(Self.patience)
        var asked: ContinuousClock.Instant?
        while true {
            let asksNow = asked.map { SteadyClock.now - $0 >= Self.repetition } ?? true
            if asksNow { asked = SteadyClock.now }
            let isGone = try await onDomain(id, "detach a network device from") { domain in
                guard domain.isActive, try domain.hasInterface(mac, .live) else { return true }
                if asksNow, virDomainDetachDeviceFlags(domain.pointer, xml, DomainPlace.live.flags) != 0 {
                    let error = LibvirtError.last()
                    // The former request may be on its way still.
                    guard error.isInvalidOperation || !domain.isActive else { throw error }
                }
                return try !domain.isActive || !domain.hasInterface(mac, .live)
            }
            if isGone { break }
            guard !deadline.hasPassed else {
                throw NovaError(
                    .conflict, "The guest does not let go of the network device.",
                    details: "\(mac) of \(id), asked for \(Self.patience)")
            }
            try await SteadyClock.sleep(for: Self.look)
        }
        try await onDomain(id, "forget a network device of") { domain in
            guard try domain.hasInterface(mac, .definition) else { return }
            guard virDomainDetachDeviceFlags(domain.pointer, xml, DomainPlace.definition.flags) == 0 else {
                throw LibvirtError.last()
            }
        }
    }
}

/// Where a domain has a device.
enum DomainPlace {
    case live
    case definition

    var flags: UInt32 {
        self == .live ? VIR_DOMAIN_AFFECT_LIVE.rawValue : VIR_DOMAIN_AFFECT_CONFIG.rawValue
    }
}

extension LibvirtDomain {
    /// Where a new device belongs; the definition last, so that what it has the guest has, too.
    var places: [DomainPlace] { isActive ? [.live, .definition] : [.definition] }

    /// Whether there is a network device of a hardware address.
    func hasInterface(_ mac: String, _ place: DomainPlace) throws -> Bool {
        let flags = place == .live ? 0 : VIR_DOMAIN_XML_INACTIVE.rawValue
        guard let raw = virDomainGetXMLDesc(pointer, flags) else { throw LibvirtError.last() }
        defer { free(raw) }
        let interfaces = try XMLReader.parse(String(cString: raw)).first("devices")?.all("interface") ?? []
        return interfaces.contains { $0.first("mac")?[attribute: "address"]?.lowercased() == mac.lowercased() }
    }
}
