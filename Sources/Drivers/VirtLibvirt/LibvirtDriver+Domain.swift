import CLibvirt
import NovaCore
import NovaModel
import VirtDriver

extension LibvirtDriver {
    /// Runs calls on the domain of one of our instances.
    ///
    /// - Throws: ``NovaError`` `notFound` when there is none; as ``LibvirtConnection/run(_:within:_:)``.
    func onDomain<T: Sendable>(
        _ id: ServerID, _ action: String, within limit: Duration? = nil,
        _ body: @escaping @Sendable (borrowing LibvirtDomain) throws -> T
    ) async throws -> T {
        let context = context
        return try await connection.run("\(action) instance \(id)", within: limit) { connection in
            guard let domain = try LibvirtDomain.find(id, on: connection) else {
                throw NovaError(
                    .notFound, "Instance \(id) could not be found.", details: "libvirt has no such domain")
            }
            try Self.check(domain, id, context)
            return try body(domain)
        }
    }
}
