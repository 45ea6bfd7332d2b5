public import NovaCore
public import NovaCrypto
public import NovaInterfaces

/// The revocations that still matter, and how well they are known.
///
/// Pure: time and answers are handed in.
///
/// Revocations are numbered without gaps. One that comes by fanout is taken when its number is the next; another
/// number means that some were missed, and the list must be fetched.
public struct RevocationSet: Sendable {
    /// What became of a revocation that came by fanout.
    public enum Outcome: Sendable, Equatable {
        case added
        /// Its number was known already.
        case known
        /// Numbers before it are missing: fetch the list.
        case gap
    }

    /// How long the set may be relied on after identity last confirmed it.
    public static let trustedFor = Duration.seconds(30)

    private struct Entry {
        var issuedBefore: Timestamp
        var expiresAt: Timestamp
    }
    private var entries: [Revocation.Subject: [String: Entry]] = [:]
    /// The number of the last revocation that it has without a gap before it.
    public private(set) var sequence: Int64 = 0
    private var confirmed: ContinuousClock.Instant?
    /// The highest number that came by fanout.
    private var announced: Int64 = 0

    public init() {}

    /// Whether a fanout showed that revocations are missing.
    public var hasGap: Bool { announced > sequence }

    /// Whether identity must be asked before a token may be taken for valid.
    public func isStale(at now: ContinuousClock.Instant) -> Bool {
        guard !hasGap, let confirmed else { return true }
        return now - confirmed > Self.trustedFor
    }

    /// Takes a revocation that came by fanout.
    public mutating func receive(_ revocation: Revocation) -> Outcome {
        guard revocation.sequence > sequence else { return .known }
        // Valid in itself, whatever is missing before it.
        add(revocation)
        announced = max(announced, revocation.sequence)
        guard confirmed != nil, revocation.sequence == sequence + 1 else { return .gap }
        sequence = revocation.sequence
        return hasGap ? .gap : .added
    }

    /// Takes the answer to a fetch of all revocations after a number.
    ///
    /// - Parameter asked: when the question was sent: what was revoked later may be missing in the answer.
    /// - Returns: false when identity counts from a lower number than we do (its database is another one): fetch again
    ///   after 0.
    public mutating func merge(
        after: Int64, _ answer: RevocationList.Response, asked: ContinuousClock.Instant, now: Timestamp
    ) -> Bool {
        if answer.sequence < after {
            self = RevocationSet()
            return false
        }
        for revocation in answer.revocations { add(revocation) }
        forgetExpired(now)
        sequence = max(sequence, answer.sequence)
        confirmed = asked
        return true
    }

    /// Whether a token has been revoked.
    public func isRevoked(_ claims: TokenClaims) -> Bool {
        if entries.isEmpty { return false }
        if matches(.token, claims.auditID, claims) || matches(.user, claims.userID.text, claims)
            || matches(.domain, claims.userDomainID.text, claims)
        {
            return true
        }
        if let project = claims.projectID {
            if matches(.project, project.text, claims) || matches(.domain, claims.projectDomainID.text, claims) {
                return true
            }
        }
        if let domain = claims.domainID, matches(.domain, domain.text, claims) { return true }
        if let credential = claims.applicationCredential, matches(.applicationCredential, credential.id, claims) {
            return true
        }
        if entries[.grant] != nil, let place = claims.place,
            matches(.grant, Self.grantID(user: claims.userID, place: place), claims)
        {
            return true
        }
        guard entries[.role] != nil else { return false }
        return claims.roles.contains { matches(.role, $0.id.text, claims) }
    }

    /// The id of a revocation of what a user may do in one place: a project's or domain's id, or `system`.
    public static func grantID(user: UserID, place: String) -> String { "\(user) \(place)" }

    private func matches(_ subject: Revocation.Subject, _ id: String, _ claims: TokenClaims) -> Bool {
        guard let entry = entries[subject]?[id] else { return false }
        return claims.issued <= entry.issuedBefore
    }

    private mutating func add(_ revocation: Revocation) {
        var entry = Entry(issuedBefore: revocation.issuedBefore, expiresAt: revocation.expiresAt)
        if let known = entries[revocation.subject]?[revocation.id] {
            entry.issuedBefore = max(entry.issuedBefore, known.issuedBefore)
            entry.expiresAt = max(entry.expiresAt, known.expiresAt)
        }
        entries[revocation.subject, default: [:]][revocation.id] = entry
    }

    private mutating func forgetExpired(_ now: Timestamp) {
        for (subject, known) in entries {
            let left = known.filter { $0.value.expiresAt > now }
            entries[subject] = left.isEmpty ? nil : left
        }
    }
}

extension TokenClaims {
    /// Where the token is good, as revocations of grants name it; nil for an unscoped token.
    var place: String? { projectID?.text ?? domainID?.text ?? (isSystem ? "system" : nil) }
}
