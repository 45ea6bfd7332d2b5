import NovaCore
import NovaCrypto
import Testing

@Suite struct PasswordHashTests {
    @Test func onlyTheRightPasswordVerifies() throws {
        let stored = try PasswordHash.make(Secret("s3cret"), rounds: 10)
        #expect(stored.hasPrefix("pbkdf2-sha256$10$"))
        #expect(PasswordHash.verify(Secret("s3cret"), against: stored))
        #expect(!PasswordHash.verify(Secret("s3cret "), against: stored))
        #expect(try PasswordHash.make(Secret("s3cret"), rounds: 10) != stored)
    }

    @Test(arguments: [
        "", "$$$", "pbkdf2-sha256$0$AA$AA", "pbkdf2-sha256$99999999999$AA$AA", "md5$1$AA$AA", "pbkdf2-sha256$1$AA$AA",
    ])
    func otherTextVerifiesNothing(stored: String) { #expect(!PasswordHash.verify(Secret(""), against: stored)) }
}
