import Logging
import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP
import NovaInterfaces
import NovaWire

/// CPU time of one token's validation, as every request of the API pays it.
struct TokenBenchmark {
    private static let distinct = 1_000
    private static let rounds = 5

    /// A token that was seen before.
    var cached = Double.infinity
    /// A token whose signature must be checked.
    var fresh = Double.infinity

    private struct Identity: IdentitySource {
        let key: VerifyingKey
        func keys() async throws -> [VerifyingKey] { [key] }
        func revocations(after: Int64) async throws -> RevocationList.Response { RevocationList.Response() }
    }

    static func run() async throws -> TokenBenchmark {
        let log = Logger(label: "nova-bench", factory: { _ in SwiftLogNoOpLogHandler() })
        let key = SigningKey()
        let signer = TokenSigner(key: key)
        let tokens = try (0..<distinct).map { _ in try signer.sign(claims()) }
        guard let known = tokens.first else { throw NovaError(.internal, "No token was made.") }
        var result = TokenBenchmark()
        for _ in 0..<rounds {
            let authenticator = TokenAuthenticator(source: Identity(key: key.verifyingKey), log: log)
            // The first question fetches key and revocations.
            _ = try await authenticator.authenticate(token: try signer.sign(claims()))
            var start = Measure.processCPU()
            for token in tokens { Measure.keep(try await authenticator.authenticate(token: token)) }
            result.fresh = min(result.fresh, (Measure.processCPU() - start) / 1_000 / Double(distinct))
            start = Measure.processCPU()
            for _ in 0..<distinct * 10 { Measure.keep(try await authenticator.authenticate(token: known)) }
            result.cached = min(result.cached, (Measure.processCPU() - start) / 1_000 / Double(distinct * 10))
        }
        return result
    }

    /// What the token of an administrator in a project says.
    private static func claims() -> TokenClaims {
        var claims = TokenClaims()
        claims.tokenID = .random()
        claims.auditID = Base64.encodeURL(RandomBytes.make(16))
        claims.methods = ["password"]
        claims.userID = .random()
        claims.userName = "admin"
        claims.userDomainID = DomainID("default")
        claims.userDomainName = "Default"
        claims.projectID = .random()
        claims.projectName = "admin"
        claims.projectDomainID = DomainID("default")
        claims.projectDomainName = "Default"
        claims.roles = ["admin", "manager", "member", "reader"].map { RoleClaim(id: .random(), name: $0) }
        claims.isAdmin = true
        claims.issued = .now()
        claims.expires = claims.issued.adding(seconds: 3_600)
        return claims
    }
}
