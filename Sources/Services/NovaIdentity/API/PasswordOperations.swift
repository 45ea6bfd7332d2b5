import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// `/v3/users/{id}/password`: whoever knows the old password changes it, without a token, as it may have expired.
    var passwordOperations: [Operation] {
        [
            operation(
                .post, "/users/{id}/password", "change_password", policy: nil, body: .wrapped("user", .anyObject),
                success: 204, "Change one's own password"
            ) { request in
                try await changePassword(request)
                return .empty(204)
            }
        ]
    }

    private func changePassword(_ request: APIRequest) async throws {
        let id = Self.parameter("id", request)
        let fields = try Fields(request, "user")
        guard let original = try fields.text("original_password", max: PasswordDesk.maximumLength),
            let password = try fields.text("password", max: PasswordDesk.maximumLength)
        else { throw NovaError(.badRequest, "'password' and 'original_password' are required properties") }
        // A user who does not exist costs as much time as a wrong password, and is told the same.
        let found = try await store.read { try $0.present(User.self, id) }
        guard try await issuer.isRight(Secret(original), of: found, named: id), let before = found, before.enabled
        else { throw TokenIssuer.refusal }
        try await checkHistory(of: before, Secret(password))
        let hash = try await passwords.hash(Secret(password))
        let kept = settings.passwordsKept
        try await store.change { connection, revoker in
            var user = try connection.find(User.self, id)
            guard user.passwordHash == before.passwordHash else { throw TokenIssuer.refusal }
            try connection.keepFormerPassword(of: user, atMost: kept)
            user.passwordHash = hash
            try connection.save(user, named: user.name)
            try revoker.revoke(.user, id, in: connection)
        }
    }

    /// Throws when the password is one of those that a user may not choose again.
    private func checkHistory(of user: User, _ password: Secret<String>) async throws {
        let count = settings.uniquePasswords
        guard count > 0 else { return }
        let former = try await store.read { try $0.formerPasswords(of: user.id, count: count - 1) }
        for hash in [user.passwordHash] + former {
            guard try await passwords.verify(password, against: hash) else { continue }
            throw NovaError(
                .badRequest,
                "Changing the password has been refused: the new password must not be one of the last \(count).")
        }
    }
}

extension Connection {
    /// Keeps the hash of a password that is about to be replaced, and no more of a user's than so many.
    func keepFormerPassword(of user: User, atMost count: Int) throws {
        if count > 0, !user.passwordHash.reveal().isEmpty {
            try execute(
                """
                INSERT INTO former_passwords (user_id, replaced_at, password_hash) VALUES (?, ?, ?)
                ON CONFLICT DO NOTHING
                """, [user.id.column, Timestamp.now().column, user.passwordHash.column])
        }
        try execute(
            """
            DELETE FROM former_passwords WHERE user_id = ?1 AND replaced_at NOT IN (
                SELECT replaced_at FROM former_passwords WHERE user_id = ?1 ORDER BY replaced_at DESC LIMIT ?2)
            """, [user.id.column, .integer(Int64(count))])
    }

    /// The hashes of a user's last passwords before the present one.
    func formerPasswords(of user: UserID, count: Int) throws -> [Secret<String>] {
        try rows(
            "SELECT password_hash FROM former_passwords WHERE user_id = ? ORDER BY replaced_at DESC LIMIT ?",
            [user.column, .integer(Int64(count))]
        ) { Secret(try $0.text(0)) }
    }
}
