import NovaCore
import NovaDatabase
import NovaCrypto
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-keypairs` (`spec/compute-api.md`).
struct KeyPairsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-keypairs", name: "os_compute_api:os-keypairs:index",
                query: Queries.of(
                    [:],
                    changes: [10: ["user_id": .string], 35: ["limit": Schemas.limit, "marker": .string]]),
                policy: Rules.ownUser, summary: "Lists key pairs.", list),
            Operation(
                .post, "/os-keypairs", name: "os_compute_api:os-keypairs:create", body: Self.createBody,
                policy: Rules.ownUser, success: 201, summary: "Makes or imports a key pair.", create),
            Operation(
                .get, "/os-keypairs/{id}", name: "os_compute_api:os-keypairs:show", query: Self.userQuery,
                policy: Rules.ownUser, summary: "Shows a key pair.", show),
            Operation(
                .delete, "/os-keypairs/{id}", name: "os_compute_api:os-keypairs:delete", query: Self.userQuery,
                policy: Rules.ownUser, success: 204, summary: "Deletes a key pair.", delete),
        ]
    }

    private static let userQuery = Queries.of([:], changes: [10: ["user_id": .string]])

    private static let createBody: [BodySchema] = {
        var properties: [String: JSONSchema] = [
            "name": .string(min: 1, max: 255), "public_key": .string(min: 0, max: 16_384),
        ]
        func body(_ required: [String]) -> JSONSchema {
            .object(
                properties: ["keypair": .object(properties: properties, required: required, additional: false)],
                required: ["keypair"], additional: false)
        }
        let first = body(["name"])
        properties["type"] = .enumeration(["ssh", "x509"])
        let since2 = body(["name"])
        properties["user_id"] = .string(min: 1, max: 255)
        return [
            BodySchema(since: Microversion(2, 1), first), BodySchema(since: Microversion(2, 2), since2),
            BodySchema(since: Microversion(2, 10), body(["name"])),
            BodySchema(since: Microversion(2, 92), body(["name", "public_key"])),
        ]
    }()

    /// Whose keys are meant: the caller's, or for administrators those of `user_id`.
    private func user(_ request: APIRequest, _ named: String?) throws -> UserID {
        let caller = try request.caller
        guard let named, request.atLeast(10), named != caller.userID.text else { return caller.userID }
        guard caller.isAdmin else {
            throw NovaError(.forbidden, "Policy doesn't allow os_compute_api:os-keypairs to be performed.")
        }
        return UserID(named)
    }

    private enum Detail { case brief, full, created(privateKey: String?) }

    private func write(_ keyPair: KeyPair, _ detail: Detail, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field(
                "keypair",
                object: { writer in
                    writer.field("name", keyPair.name)
                    if request.atLeast(2) { writer.field("type", keyPair.type) }
                    writer.field("public_key", keyPair.publicKey)
                    writer.field("fingerprint", keyPair.fingerprint)
                    switch detail {
                    case .brief: break
                    case .created(let privateKey):
                        writer.field("user_id", keyPair.userID.text)
                        if let privateKey { writer.field("private_key", privateKey) }
                    case .full:
                        writer.field("user_id", keyPair.userID.text)
                        writer.field("id", keyPair.sequence)
                        writer.field("created_at", keyPair.createdAt.iso8601Micro)
                        writer.field("deleted", false)
                        writer.null("deleted_at")
                        writer.null("updated_at")
                    }
                })
        }
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let user = try user(request, request.query("user_id"))
        let paging = try Paging(request, maximum: parts.maxLimit)
        var keyPairs = try await parts.database.read { try KeyPairTable($0).list(of: user) }
        if let marker = paging.marker, request.atLeast(35) {
            guard let index = keyPairs.firstIndex(where: { $0.name == marker }) else {
                throw NovaError(.badRequest, "marker [\(marker)] not found")
            }
            keyPairs.removeFirst(index + 1)
        }
        let page = keyPairs.prefix(request.atLeast(35) ? Int(paging.limit) : keyPairs.count)
        let isFull = page.count < keyPairs.count
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "keypairs",
                    array: { writer in
                        for keyPair in page { write(keyPair, .brief, request, to: &writer) }
                    })
                Links(request).writeNext("keypairs", request, marker: isFull ? page.last?.name : nil, to: &writer)
            }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let keyPair = try await find(request)
        return .written(200) { write(keyPair, .full, request, to: &$0) }
    }

    private func find(_ request: APIRequest) async throws -> KeyPair {
        let user = try user(request, request.query("user_id"))
        let name = request.parameters["id"] ?? ""
        guard let keyPair = try await parts.database.read({ try KeyPairTable($0).find(name, of: user) }) else {
            throw NovaError(.notFound, "Keypair \(name) not found for user \(user)")
        }
        return keyPair
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["keypair"] ?? .null
        var wanted = KeyPair()
        wanted.userID = try user(request, body["user_id"]?.stringValue)
        wanted.name = body["name"]?.stringValue ?? ""
        wanted.type = body["type"]?.stringValue ?? "ssh"
        wanted.createdAt = .now()
        let allowed = wanted.name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == 32 || byte == 45 || byte == 95 || (request.atLeast(92) && (byte == 64 || byte == 46))
        }
        guard allowed else {
            throw NovaError(
                .badRequest,
                "Keypair data is invalid: Keypair name contains unsafe characters. Use letters, digits, blanks, '-' and '_'."
            )
        }
        guard wanted.type == "ssh" else {
            throw NovaError(.notImplemented, "Key pairs of type x509 are not served yet; use type ssh.")
        }
        var privateKey: String?
        if let text = body["public_key"]?.stringValue {
            let key = try SSHPublicKey(parsing: text)
            wanted.publicKey = text
            wanted.fingerprint = key.fingerprint
        } else {
            let pair = try SSHKeyPair.generate(comment: "Generated-by-Nova")
            wanted.publicKey = pair.publicKey
            wanted.fingerprint = pair.fingerprint
            privateKey = pair.privateKey.reveal()
        }
        let quota = parts.quota
        let project = try request.caller.projectID
        let created = try await parts.database.write { [wanted] connection in
            var keyPair = wanted
            let table = KeyPairTable(connection)
            let existing = try table.list(of: keyPair.userID)
            guard !existing.contains(where: { $0.name == keyPair.name }) else {
                throw NovaError(.conflict, "Key pair '\(keyPair.name)' already exists.")
            }
            let limits =
                try project.map { try quota.limits(of: $0, connection) }
                ?? quota.limits(ofClass: Quota.defaultClass, connection)
            guard limits.allows(Int64(existing.count) + 1, of: .keyPairs) else {
                throw NovaError(.overQuota, "Quota exceeded, too many key pairs.")
            }
            try table.insert(&keyPair)
            return keyPair
        }
        let detail = Detail.created(privateKey: privateKey)
        return .written(request.atLeast(2) ? 201 : 200) { write(created, detail, request, to: &$0) }
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let keyPair = try await find(request)
        _ = try await parts.database.write { try KeyPairTable($0).delete(keyPair.name, of: keyPair.userID) }
        return .empty(request.atLeast(2) ? 204 : 202)
    }
}
