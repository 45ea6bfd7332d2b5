import NovaCore

/// The compute node's id, made once and kept on the host: its resource provider in placement has the same.
enum NodeIdentity {
    /// Reads the id, or makes it.
    ///
    /// - Throws: ``NovaError`` `internal` when the file is damaged: a new id would leave the old provider's
    ///   allocations behind.
    static func load(statePath: String, host: String) throws -> ProviderID {
        let plain = String(host.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." ? $0 : "_" })
        let path = "\(statePath)/compute_id_\(plain)"
        if let bytes = try HostFiles.read(path, limit: 100) {
            let text = String(decoding: bytes, as: UTF8.self)
            guard let id = ProviderID(text.prefix { $0 != "\n" }) else {
                throw NovaError(
                    .internal, "The compute node's id file is damaged.",
                    details: "\(path) must hold one UUID: restore it from the resource provider's id in placement")
            }
            return id
        }
        try HostFiles.makeFolder(statePath)
        let id = ProviderID.random()
        try HostFiles.write(Array("\(id)\n".utf8), to: path, durable: true)
        return id
    }
}
