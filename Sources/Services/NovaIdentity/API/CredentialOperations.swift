import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("credential", .anyObject)

    /// `/v3/credentials`.
    var credentialOperations: [Operation] {
        [
            operation(
                .get, "/credentials", "list_credentials", policy: IdentityPolicy.readCredential,
                target: .request { request in
                    PolicyTarget.value("target.credential.user_id", try request.caller.userID.text)
                }, "List credentials; those of others for administrators only"
            ) { request in
                try await listCredentials(request)
            },
            operation(
                .post, "/credentials", "create_credential", policy: IdentityPolicy.changeCredential, body: Self.schema,
                success: 201,
                target: .request { request in
                    let user = request.body["credential"]?["user_id"]?.stringValue
                    return PolicyTarget.value("target.credential.user_id", try user ?? request.caller.userID.text)
                }, "Keep a credential"
            ) { request in
                try await checkUnrestricted(request, "create_credential")
                let credential = try await createCredential(request)
                return .json(201, ["credential": try body(of: credential, request)])
            },
            operation(
                .get, "/credentials/{id}", "get_credential", policy: IdentityPolicy.readCredential,
                target: Self.ownerOfCredential, "Show a credential"
            ) { request in
                let id = Self.parameter("id", request)
                let found = try await store.read { try $0.find(Credential.self, id) }
                return .json(200, ["credential": try body(of: found, request)])
            },
            operation(
                .patch, "/credentials/{id}", "update_credential", policy: IdentityPolicy.changeCredential,
                body: Self.schema, target: Self.ownerOfCredential, "Change the blob of a credential"
            ) { request in
                let changed = try await updateCredential(request)
                return .json(200, ["credential": try body(of: changed, request)])
            },
            operation(
                .delete, "/credentials/{id}", "delete_credential", policy: IdentityPolicy.changeCredential,
                success: 204, target: Self.ownerOfCredential, "Delete a credential"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, _ in
                    _ = try connection.find(Credential.self, id)
                    try connection.execute("DELETE FROM credentials WHERE id = ?", [.text(id)])
                }
                return .empty(204)
            },
        ]
    }

    private static let ownerOfCredential = PolicyTarget.Source.rows { request, connection in
        PolicyTarget.value(
            "target.credential.user_id",
            try connection.present(Credential.self, parameter("id", request))?.userID.text)
    }

    private func listCredentials(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller
        var conditions = ["TRUE"]
        var values: [ColumnValue] = []
        for (name, value) in request.query where name == "user_id" || name == "type" {
            conditions.append("\(name) = ?")
            values.append(.text(value))
        }
        let isReader = caller.isAdmin || caller.isSystemScoped && caller.roles.contains("reader")
        if !isReader {
            conditions.append("user_id = ?")
            values.append(caller.userID.column)
        }
        let (clause, bound) = (conditions.joined(separator: " AND "), values)
        let found = try await store.read {
            try $0.records(Credential.self, from: Credential.table, where: clause, bound, suffix: "ORDER BY id")
        }
        let bodies = try found.map { try body(of: $0, request) }
        return try Self.answer(list: bodies, named: Credential.plural, request)
    }

    private func body(of credential: Credential, _ request: APIRequest) throws -> JSONValue {
        let blob = try sealer.open(credential.sealedBlob, context: credential.id)
        return credential.json(Self.base(request), blob: blob.reveal())
    }

    private func createCredential(_ request: APIRequest) async throws -> Credential {
        let fields = try Fields(request, "credential")
        let type = try fields.name("type")
        let blob = try Self.blob(fields)
        let own = try request.caller.userID.text
        var credential = Credential()
        credential.type = type
        credential.userID = UserID(try fields.text("user_id", max: 64) ?? own)
        credential.projectID = try fields.text("project_id", max: 64).map { ProjectID($0) }
        if type == "ec2" {
            guard let access = EC2Blob(blob)?.access else {
                throw NovaError(.badRequest, "Invalid blob in credential: it is no JSON object with access and secret.")
            }
            guard credential.projectID != nil else {
                throw NovaError(.badRequest, "project_id is required for a credential of type ec2.")
            }
            credential.id = EC2Blob.id(access: access)
        } else {
            credential.id = UUID128.random().hex
        }
        credential.sealedBlob = try sealer.seal(Secret(blob), context: credential.id)
        let new = credential
        try await store.change { connection, _ in
            _ = try connection.find(User.self, new.userID.text)
            if let project = new.projectID { _ = try connection.find(Project.self, project.text) }
            try connection.add(new, named: new.id)
        }
        return new
    }

    /// Only the blob can change: type, user and project make what the credential is.
    private func updateCredential(_ request: APIRequest) async throws -> Credential {
        let id = Self.parameter("id", request)
        let fields = try Fields(request, "credential")
        let blob = fields.has("blob") ? try Self.blob(fields) : nil
        return try await store.change { [sealer] connection, _ in
            var credential = try connection.find(Credential.self, id)
            let fixed = [
                ("type", credential.type), ("user_id", credential.userID.text),
                ("project_id", credential.projectID?.text ?? ""),
            ]
            for (name, value) in fixed where try fields.has(name) && fields.text(name) ?? "" != value {
                throw NovaError(.badRequest, "The \(name) of a credential cannot change. Make another credential.")
            }
            guard let blob else { return credential }
            guard credential.type != "ec2" || EC2Blob(blob) != nil else {
                throw NovaError(.badRequest, "Invalid blob in credential: it is no JSON object with access and secret.")
            }
            credential.sealedBlob = try sealer.seal(Secret(blob), context: id)
            try connection.save(credential, named: id)
            return credential
        }
    }

    private static func blob(_ fields: Fields) throws -> String {
        guard let blob = try fields.text("blob", max: 65_535) else {
            throw NovaError(.badRequest, "'blob' is a required property")
        }
        return blob
    }
}
