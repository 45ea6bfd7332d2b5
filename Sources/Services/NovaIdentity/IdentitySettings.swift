/// What an operator chooses about the service.
struct IdentitySettings: Sendable {
    /// The most that are chosen; each costs a hash when a password is changed.
    static let mostUniquePasswords = 24

    /// How many of a user's last passwords, with the present one, the user may not choose again; 0 for any.
    var uniquePasswords = 0
    /// How deep projects may nest, the domain counted.
    var treeDepth = 5
    /// How long a signed request of EC2 is taken, in seconds.
    var signatureLifetime: Int64 = 900

    /// How many former passwords are kept.
    ///
    /// More than are asked for now, so that an operator who raises the number later finds them.
    var passwordsKept: Int { max(uniquePasswords, 5) }
}
