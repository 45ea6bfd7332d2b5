import NovaCore

extension ServerAction {
    /// Checks that the action does not lose what a server keeps in its virtual TPM, which lies on its host.
    ///
    /// - Throws: ``NovaError`` `conflict` with Nova's words.
    public func checkTPM(_ server: ServerRecord) throws {
        let losing: [ServerAction] = [.resize, .migrate, .liveMigrate, .evacuate, .shelve, .shelveOffload]
        let version =
            server.flavor.extraSpecs["hw:tpm_version"] ?? server.imageProperties?.properties["hw_tpm_version"]
        guard losing.contains(self), version?.isEmpty == false else { return }
        throw NovaError(
            .conflict, "Operation '\(recordedName)' not supported for vTPM-enabled instance (\(server.id)).")
    }
}
