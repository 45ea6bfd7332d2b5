import CLibvirt
import NovaCore
import NovaProcess

/// libvirt's own event loop on its own thread, one for the process.
enum LibvirtEventLoop {
    /// Starts the loop; before the first connection is opened.
    static func start() { _ = started }

    private static let started: Bool = {
        // libvirt prints errors to stderr unless told otherwise; ours go through NovaError.
        virSetErrorFunc(nil) { _, _ in }
        virInitialize()
        virEventRegisterDefaultImpl()
        // A timer makes the loop turn even before the first connection exists.
        virEventAddTimeout(1000, { _, _ in }, nil, nil)
        return NamedThread.start(name: "libvirt-events") {
            while virEventRunDefaultImpl() >= 0 {}
        }
    }()
}

/// Receives domain events on the loop's thread and hands on whose they are.
///
/// Ownership is not known here: the driver asks for the domain's state, and so finds out.
final class LibvirtEventSink: Sendable {
    let identifiers: AsyncStream<ServerID>
    private let continuation: AsyncStream<ServerID>.Continuation

    init() { (identifiers, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000)) }

    func finish() { continuation.finish() }

    /// Asks for lifecycle events; the sink stays alive as long as the process, as callbacks may come late.
    ///
    /// - Returns: the callback's id, negative when the hypervisor has no events.
    func register(on connection: OpaquePointer) -> Int32 {
        let opaque = Unmanaged.passRetained(self)
        let callback: virConnectDomainEventCallback = { _, domain, _, _, opaque in
            guard let domain, let opaque else { return 0 }
            let sink = Unmanaged<LibvirtEventSink>.fromOpaque(opaque).takeUnretainedValue()
            if let id = LibvirtDomain.identifier(of: domain) { sink.continuation.yield(id) }
            return 0
        }
        return nova_domain_event_register_lifecycle(connection, callback, opaque.toOpaque())
    }
}
