import NovaAuth
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// `/v3/users/{user}/credentials/OS-EC2`.
    var userEC2Operations: [Operation] {
        let path = "/users/{user}/credentials/OS-EC2"
        let ofUser = PolicyTarget.Source.request { request in
            var target = PolicyTarget.value("target.credential.user_id", Self.parameter("user", request))
            target.add(user: Self.parameter("user", request))
            return target
        }
        let ofKey = PolicyTarget.Source.rows { request, connection in
            let access = Self.parameter("access", request)
            guard let found = try connection.present(Credential.self, EC2Blob.id(access: access)) else {
                throw Credential.missing(access)
            }
            return PolicyTarget.value("target.credential.user_id", found.userID.text)
        }
        return [
            operation(
                .get, path, "ec2_list_credentials", policy: IdentityPolicy.readApplicationCredentials, target: ofUser,
                "List a user's EC2 keys"
            ) { request in
                let user = Self.parameter("user", request)
                let found = try await store.read { connection in
                    _ = try connection.find(User.self, user)
                    return try connection.records(
                        Credential.self, from: Credential.table, where: "user_id = ? AND type = 'ec2'", [.text(user)],
                        suffix: "ORDER BY id")
                }
                let bodies = try found.map { try ec2Body($0, request) }
                return try Self.answer(list: bodies, named: Credential.plural, request)
            },
            operation(
                .post, path, "ec2_create_credential", policy: IdentityPolicy.changeEC2Credential,
                body: .object(additional: true), success: 201, target: ofUser, "Create EC2 keys for a project"
            ) { request in
                try await checkUnrestricted(request, "ec2_create_credential")
                let credential = try await createEC2(request)
                return .json(201, ["credential": try ec2Body(credential, request)])
            },
            operation(
                .get, "\(path)/{access}", "ec2_get_credential", policy: IdentityPolicy.readCredential, target: ofKey,
                "Show EC2 keys"
            ) { request in
                let credential = try await store.read { try Self.ec2(request, $0) }
                return .json(200, ["credential": try ec2Body(credential, request)])
            },
            operation(
                .delete, "\(path)/{access}", "ec2_delete_credential", policy: IdentityPolicy.changeEC2Credential,
                success: 204, target: ofKey, "Delete EC2 keys"
            ) { request in
                try await store.change { connection, _ in
                    let credential = try Self.ec2(request, connection)
                    try connection.execute("DELETE FROM credentials WHERE id = ?", [.text(credential.id)])
                }
                return .empty(204)
            },
        ]
    }

    private func createEC2(_ request: APIRequest) async throws -> Credential {
        let user = Self.parameter("user", request)
        let fields = try Fields(object: request.body)
        let project = try fields.name("tenant_id", max: 64)
        let token = request.header("X-Auth-Token") ?? ""
        let blob = EC2Blob(applicationCredential: try await authenticator.claims(of: token).applicationCredential?.id)
        var credential = Credential()
        credential.id = EC2Blob.id(access: blob.access)
        credential.userID = UserID(user)
        credential.projectID = ProjectID(project)
        credential.type = "ec2"
        credential.sealedBlob = try sealer.seal(Secret(blob.text), context: credential.id)
        let new = credential
        let isAdmin = try request.caller.isAdmin
        try await store.change { connection, _ in
            _ = try connection.find(User.self, user)
            let place = try connection.find(Project.self, project)
            guard try isAdmin || !connection.roles(of: new.userID, in: place).isEmpty else {
                throw Self.forbidden("identity:ec2_create_credential")
            }
            try connection.insert(new, into: Credential.table)
        }
        return new
    }

    private static func ec2(_ request: APIRequest, _ connection: Connection) throws -> Credential {
        let access = parameter("access", request)
        guard let found = try connection.present(Credential.self, EC2Blob.id(access: access)), found.type == "ec2",
            found.userID.text == parameter("user", request)
        else { throw Credential.missing(access) }
        return found
    }

    private func ec2Body(_ credential: Credential, _ request: APIRequest) throws -> JSONValue {
        let text = try sealer.open(credential.sealedBlob, context: credential.id).reveal()
        let blob = EC2Blob(text)
        let url = "\(Self.base(request))/users/\(credential.userID)/credentials/OS-EC2/\(blob?.access ?? "")"
        return [
            "access": JSONValue(blob?.access), "secret": JSONValue(blob?.secret.reveal()),
            "user_id": .string(credential.userID.text), "tenant_id": JSONValue(credential.projectID?.text),
            "trust_id": nil, "links": ["self": .string(url)],
        ]
    }
}
