public import NovaDatabase

/// The schema of identity's own database.
public enum IdentitySchema {
    /// Writers take turns: a token is issued before or after a revocation, and revocations are numbered in order.
    public static var current: DatabaseSchema {
        DatabaseSchema(
            name: "identity", whole: PackageResources.whole_sql,
            migrations: [
                Migration(number: 1, name: "initial", sql: PackageResources._001_initial_sql),
                Migration(number: 2, name: "revocation-sequence", sql: PackageResources._002_revocation_sequence_sql),
                Migration(number: 3, name: "in-full", sql: PackageResources._003_in_full_sql),
            ], writersTakeTurns: true)
    }
}
