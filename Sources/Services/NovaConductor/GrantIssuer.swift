import NovaCore
import NovaCrypto
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaStore

/// Signs the grants by which compute hosts fetch and send images, and connect to each other; all conductors of a cloud
/// share the key.
struct GrantIssuer: Sendable {
    /// Longer than the longest fetch, in seconds.
    private static let lifetime: Int64 = 3600

    private let signer: GrantSigner
    private let transferSigner: RecordSigner<TransferGrant>
    /// What verifies grants: the keys of this and of former days.
    let publicKeys: [PublicKeyRecord]

    /// Takes the newest key of the database; the first conductor makes it.
    init(_ database: Database) async throws {
        let seeds = try await database.write { connection in
            let table = SigningKeyTable(connection)
            if try table.list().isEmpty {
                // Two conductors that start at once meet at a common row: the second one looks again, and finds the key.
                try connection.execute("UPDATE server_sequence SET last = last")
                let key = SigningKey()
                try table.insert(id: key.id, key: key.seed)
            }
            return try table.list().map(\.key)
        }
        let keys = try seeds.map { try SigningKey(seed: $0) }
        guard let newest = keys.last else {
            throw NovaError(.internal, "The conductor has no key to sign grants with.")
        }
        signer = GrantSigner(key: newest)
        transferSigner = RecordSigner(key: newest)
        publicKeys = keys.map { PublicKeyRecord(keyID: $0.id, publicKey: $0.verifyingKey.bytes) }
    }

    /// An image with permission for one host to read it.
    func grant(_ image: ImageReference, to host: String) throws -> GrantedImage {
        let grant = Grant(
            imageID: image.id, host: host, access: .read,
            checksum: image.sha512.isEmpty ? "" : "sha512:\(image.sha512)",
            expires: Timestamp.now().adding(seconds: Self.lifetime))
        return GrantedImage(image, grant: Secret(try signer.sign(grant)))
    }

    /// An image without data, with permission for one host to send it.
    func grant(writing id: ImageID, to host: String) throws -> GrantedImage {
        var image = ImageReference()
        image.id = id
        let grant = Grant(
            imageID: id, host: host, access: .write, expires: Timestamp.now().adding(seconds: 2 * Self.lifetime))
        return GrantedImage(image, grant: Secret(try signer.sign(grant)))
    }

    /// Permission for one compute host to connect to another, in a workflow of one server.
    func grant(
        _ purpose: TransferPurpose, of serverID: ServerID, in workflowID: WorkflowID, listening: TransferEnd,
        connecting: TransferEnd
    ) throws -> Secret<String> {
        Secret(
            try transferSigner.sign(
                TransferGrant(
                    serverID: serverID, workflowID: workflowID, purpose: purpose, listening: listening,
                    connecting: connecting, expires: Timestamp.now().adding(seconds: Self.lifetime))))
    }
}
