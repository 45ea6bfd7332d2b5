import NovaCore

extension LibvirtDriver {
    /// Runs calls on the domain of one of our instances, see ``LibvirtDomains/onDomain(_:_:within:_:)``.
    func onDomain<T: Sendable>(
        _ id: ServerID, _ action: String, within limit: Duration? = nil,
        _ body: @escaping @Sendable (borrowing LibvirtDomain) throws -> T
    ) async throws -> T {
        try await domains.onDomain(id, action, within: limit, body)
    }
}
