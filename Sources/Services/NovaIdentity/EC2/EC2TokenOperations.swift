import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// `/v3/ec2tokens`: a service hands in what a client signed, and gets a token for the client's user.
    var ec2TokenOperations: [Operation] {
        [
            operation(
                .post, "/ec2tokens", "ec2tokens_validate", policy: "rule:service_or_admin",
                body: .object(additional: true), "Give a token for a request that was signed with EC2 keys"
            ) { request in
                let signed = try EC2SignedRequest(request.body)
                let id = EC2Blob.id(access: signed.access)
                let found = try await store.read { try $0.present(Credential.self, id) }
                guard let credential = found, credential.type == "ec2",
                    let blob = EC2Blob(try sealer.open(credential.sealedBlob, context: id).reveal())
                else { throw NovaError(.notFound, "EC2 access key not found.") }
                try signed.check(secret: blob.secret, lifetime: settings.signatureLifetime)
                let (token, claims) = try await issuer.issue(
                    signedBy: credential.userID, project: credential.projectID,
                    applicationCredential: blob.applicationCredential)
                return try await answer(token, claims, request, status: 200)
            }
        ]
    }
}
