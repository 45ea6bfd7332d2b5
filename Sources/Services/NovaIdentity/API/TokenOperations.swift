import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP
import NovaInterfaces
import NovaSchema

extension IdentityAPI {
    /// Who may look at a token and make it void: its user, administrators, and services.
    private static let inspector = "role:admin or role:service or user_id:%(user_id)s"

    /// `/v3/auth/tokens`.
    var tokenOperations: [Operation] {
        [
            operation(
                .post, "/auth/tokens", "create_token", policy: nil, body: .wrapped("auth", .anyObject), success: 201,
                "Log in, or change the scope of a token"
            ) { request in
                let (token, claims) = try await issuer.issue(AuthRequest(request.body))
                return try await answer(token, claims, request, status: 201)
            },
            operation(.get, "/auth/tokens", "validate_token", policy: Self.inspector, "Show what a token is good for") {
                request in
                let (token, claims) = try await subject(of: request)
                return try await answer(token, claims, request, status: 200)
            },
            operation(.head, "/auth/tokens", "check_token", policy: Self.inspector, "Check a token") { request in
                let (token, _) = try await subject(of: request)
                return .empty(200, headers: [("X-Subject-Token", token)])
            },
            operation(
                .delete, "/auth/tokens", "revoke_token", policy: Self.inspector, success: 204, "Make a token void"
            ) { request in
                let (_, claims) = try await subject(of: request)
                try await store.change { connection, revoker in
                    try revoker.revoke(.token, claims.auditID, in: connection)
                }
                return .empty(204)
            },
        ]
    }

    private func answer(
        _ token: String, _ claims: TokenClaims, _ request: APIRequest, status: Int
    ) async throws -> APIResponse {
        let wantsCatalog = claims.isScoped && request.query("nocatalog") == nil
        let catalog: JSONValue? =
            if wantsCatalog { try await store.read { try TokenBody.catalog(for: claims, in: $0) } } else { .none }
        return .json(status, headers: [("X-Subject-Token", token)], TokenBody.json(claims, catalog: catalog))
    }

    /// The token that a request is about: one's own, or any for administrators and services.
    private func subject(of request: APIRequest) async throws -> (String, TokenClaims) {
        guard let token = request.header("X-Subject-Token"), !token.isEmpty else {
            throw NovaError(.badRequest, "The header X-Subject-Token is missing.")
        }
        let claims: TokenClaims
        do {
            claims = try await authenticator.claims(of: token)
        } catch let error as NovaError where error.code == .unauthorized {
            throw NovaError(.notFound, "Failed to validate token", details: error.details)
        }
        try request.authorize(target: ["user_id": claims.userID.text])
        return (token, claims)
    }
}
