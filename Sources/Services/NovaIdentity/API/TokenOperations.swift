import NovaDatabase
import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP
import NovaInterfaces
import NovaSchema

extension IdentityAPI {
    /// `/v3/auth/tokens`.
    var tokenOperations: [Operation] {
        let subject = PolicyTarget.Source.request { [self] request in
            let claims = try await self.subject(of: request).claims
            return PolicyTarget.value("target.token.user_id", claims.userID.text)
        }
        return [
            operation(
                .post, "/auth/tokens", "create_token", policy: nil, body: .wrapped("auth", .anyObject), success: 201,
                "Log in, or change the scope of a token"
            ) { request in
                let (token, claims) = try await issuer.issue(AuthRequest(request.body))
                return try await answer(token, claims, request, status: 201)
            },
            operation(
                .get, "/auth/tokens", "validate_token", policy: IdentityPolicy.validateToken, target: subject,
                "Show what a token is good for"
            ) { request in
                let (token, claims) = try await self.subject(of: request)
                return try await answer(token, claims, request, status: 200)
            },
            operation(
                .head, "/auth/tokens", "check_token", policy: IdentityPolicy.checkToken, target: subject,
                "Check a token"
            ) { request in
                let token = try await self.subject(of: request).token
                return .empty(200, headers: [("X-Subject-Token", token), ("Vary", "X-Auth-Token")])
            },
            operation(
                .delete, "/auth/tokens", "revoke_token", policy: IdentityPolicy.revokeToken, success: 204,
                target: subject, "Make a token void"
            ) { request in
                let claims = try await self.subject(of: request).claims
                try await store.change { connection, revoker in
                    try revoker.revoke(.token, claims.auditID, in: connection)
                }
                return .empty(204)
            },
        ]
    }

    /// `/v3/auth/tokens/OS-PKI/revoked`: the list is for tokens of a kind that this service does not make.
    var revocationListOperations: [Operation] {
        [
            operation(
                .get, "/auth/tokens/OS-PKI/revoked", "revocation_list", policy: "rule:service_or_admin",
                "List void tokens of a kind that there is not"
            ) { _ in throw Self.forbidden("identity:revocation_list") }
        ]
    }

    /// The answer that carries a token.
    func answer(
        _ token: String, _ claims: TokenClaims, _ request: APIRequest, status: Int
    ) async throws -> APIResponse {
        let wantsCatalog = claims.isScoped && request.query("nocatalog") == nil
        let catalog: JSONValue? =
            if wantsCatalog { try await store.read { try TokenBody.catalog(for: claims, in: $0) } } else { .none }
        return .json(
            status, headers: [("X-Subject-Token", token), ("Vary", "X-Auth-Token")],
            TokenBody.json(claims, catalog: catalog))
    }

    /// The token that a request is about.
    private func subject(of request: APIRequest) async throws -> (token: String, claims: TokenClaims) {
        guard let token = request.header("X-Subject-Token"), !token.isEmpty else {
            throw NovaError(.notFound, "Failed to validate token", details: "no X-Subject-Token")
        }
        do {
            return (token, try await authenticator.claims(of: token))
        } catch let error as NovaError where error.code == .unauthorized {
            throw NovaError(.notFound, "Failed to validate token", details: error.details)
        }
    }
}
