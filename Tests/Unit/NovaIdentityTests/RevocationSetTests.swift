import NovaAuth
import NovaCore
import NovaCrypto
import NovaInterfaces
import Testing

/// The numbers of revocations, with time handed in.
@Suite struct RevocationSetTests {
    private let start = ContinuousClock.now
    private let now = Timestamp.now()

    private func revocation(_ sequence: Int64, _ id: String, _ subject: Revocation.Subject = .user) -> Revocation {
        var revocation = Revocation()
        revocation.sequence = sequence
        revocation.subject = subject
        revocation.id = id
        revocation.issuedBefore = now
        revocation.expiresAt = now.adding(seconds: 3600)
        return revocation
    }

    private func answer(_ sequence: Int64, _ revocations: [Revocation] = []) -> RevocationList.Response {
        var answer = RevocationList.Response()
        answer.sequence = sequence
        answer.revocations = revocations
        return answer
    }

    private func claims(user: String, issued: Timestamp) -> TokenClaims {
        var claims = TokenClaims()
        claims.userID = UserID(user)
        claims.auditID = "audit"
        claims.projectID = ProjectID("project")
        claims.projectDomainID = DomainID("domain")
        claims.roles = [RoleClaim(id: RoleID("role"), name: "member")]
        claims.issued = issued
        return claims
    }

    @Test func isStaleUntilFetchedAndAfterThirtySeconds() {
        var set = RevocationSet()
        #expect(set.isStale(at: start))
        let first = set.merge(after: 0, answer(0), asked: start, now: now)
        #expect(first)
        #expect(!set.isStale(at: start + .seconds(30)))
        #expect(set.isStale(at: start + .seconds(31)))
    }

    @Test func aGapMakesItStaleUntilFetched() {
        var set = RevocationSet()
        _ = set.merge(after: 0, answer(4), asked: start, now: now)
        let first = set.receive(revocation(5, "a"))
        #expect(first == .added)
        let second = set.receive(revocation(5, "a"))
        #expect(second == .known)
        let third = set.receive(revocation(7, "c"))
        #expect(third == .gap)
        #expect(set.isStale(at: start))
        // The one that came is valid at once, the missing one is not known yet.
        #expect(set.isRevoked(claims(user: "c", issued: now)))
        #expect(!set.isRevoked(claims(user: "b", issued: now)))
        _ = set.merge(after: 5, answer(7, [revocation(6, "b"), revocation(7, "c")]), asked: start, now: now)
        #expect(!set.isStale(at: start))
        #expect(set.sequence == 7)
        #expect(set.isRevoked(claims(user: "b", issued: now)))
    }

    @Test func whatIsAnnouncedDuringAFetchIsNotLost() {
        var set = RevocationSet()
        let first = set.receive(revocation(6, "a"))
        #expect(first == .gap)
        // The answer was made before number 6.
        _ = set.merge(after: 0, answer(5), asked: start, now: now)
        #expect(set.isStale(at: start))
        #expect(set.isRevoked(claims(user: "a", issued: now)))
        _ = set.merge(after: 5, answer(6, [revocation(6, "a")]), asked: start, now: now)
        #expect(!set.isStale(at: start))
    }

    @Test func anotherDatabaseStartsAnew() {
        var set = RevocationSet()
        _ = set.merge(after: 0, answer(9, [revocation(9, "a")]), asked: start, now: now)
        let first = set.merge(after: 9, answer(2), asked: start, now: now)
        #expect(!first)
        #expect(set.sequence == 0)
        #expect(set.isStale(at: start))
    }

    @Test(arguments: [
        (Revocation.Subject.user, "user"), (.project, "project"), (.domain, "domain"), (.role, "role"),
        (.token, "audit"),
    ])
    func subjects(subject: Revocation.Subject, id: String) {
        var set = RevocationSet()
        _ = set.merge(after: 0, answer(1, [revocation(1, id, subject)]), asked: start, now: now)
        #expect(set.isRevoked(claims(user: "user", issued: now)))
        #expect(set.isRevoked(claims(user: "user", issued: now.adding(seconds: -1))))
        #expect(!set.isRevoked(claims(user: "user", issued: now.adding(seconds: 1))))
        // Forgotten once the tokens have expired by themselves.
        _ = set.merge(after: 1, answer(1), asked: start, now: now.adding(seconds: 3601))
        #expect(!set.isRevoked(claims(user: "user", issued: now)))
    }

    @Test func onePlaceAndOneCredential() {
        var token = claims(user: "a", issued: now.adding(seconds: -10))
        var set = RevocationSet()
        let entries = [
            revocation(1, RevocationSet.grantID(user: UserID("a"), place: "other"), .grant),
            revocation(2, RevocationSet.grantID(user: UserID("b"), place: "project"), .grant),
            revocation(3, "credential", .applicationCredential),
        ]
        let merged = set.merge(after: 0, answer(3, entries), asked: start, now: now)
        #expect(merged)
        #expect(!set.isRevoked(token))
        token.applicationCredential = ApplicationCredentialClaim(
            id: "credential", name: "ci", isRestricted: true, accessRules: nil)
        #expect(set.isRevoked(token))
        token.applicationCredential = nil
        token.projectID = ProjectID("other")
        #expect(set.isRevoked(token))
        token.projectID = nil
        #expect(!set.isRevoked(token))
    }
}
