import NovaCore
import NovaWire

/// The body of a message: the context's record, then the method's.
enum RPCBody {
    static func encode(_ context: RequestContext, _ method: some RPCMethod) -> [UInt8] {
        var writer = WireWriter()
        writer.record(ContextRecord(context))
        writer.record(method)
        return writer.bytes
    }

    static func decode<M: RPCMethod>(_ type: M.Type, _ bytes: [UInt8]) throws -> (RequestContext, M) {
        do {
            return try WireReader.with(bytes) { reader in
                let context = try reader.record(ContextRecord.self).context
                let method = try reader.record(M.self)
                guard reader.isAtEnd else { throw WireError.badCount }
                return (context, method)
            }
        } catch let error as WireError {
            throw NovaError(.malformed, "A malformed message was refused.", details: "\(M.self): \(error)")
        }
    }
}
