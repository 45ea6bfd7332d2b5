import NovaCore
import NovaWire

/// The body of READY: the newest minor version of each interface that a worker knows.
enum InterfaceVersions {
    static let limit = 64

    static func encode(_ versions: [String: UInt16]) -> [UInt8] {
        guard !versions.isEmpty else { return [] }
        var writer = WireWriter(reserving: 64)
        writer.varint(UInt64(versions.count))
        for (name, version) in versions.sorted(by: { $0.key < $1.key }) {
            writer.text(name)
            writer.varint(UInt64(version))
        }
        return writer.bytes
    }

    /// Reads them, or nil when they are malformed; an empty body is no version of anything.
    static func decode(_ bytes: [UInt8]) -> [String: UInt16]? {
        guard !bytes.isEmpty else { return [:] }
        return WireReader.with(bytes) { reader in
            guard let count = try? reader.count(), count <= limit else { return nil }
            var versions: [String: UInt16] = [:]
            for _ in 0..<count {
                guard let name = try? reader.text(), name.utf8.count < 256, let version = try? reader.varint(),
                    let small = UInt16(exactly: version)
                else { return nil }
                versions[name] = small
            }
            return versions
        }
    }
}
