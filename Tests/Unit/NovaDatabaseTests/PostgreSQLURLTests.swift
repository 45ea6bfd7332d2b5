import DatabaseTestKit
import NovaCore
import Testing

@testable import NovaDatabase

@Suite("URLs of PostgreSQL")
struct PostgreSQLURLTests {
    @Test(
        "A URL whose password is not escaped is refused before libpq sees it, and nobody is told the password.",
        arguments: [
            "postgresql://nova:s3@cret@127.0.0.1:1/nova", "postgresql://nova:s3@cret/s3@127.0.0.1/nova",
            "postgresql://nova:s3/cret@127.0.0.1/nova", "postgresql://nova:s3@s3@s3@/nova",
            "postgresql://nova:s3cret/nova",
            "postgresql://nova@x:s3cret@127.0.0.1/nova", "postgresql://nova:pw@127.0.0.1:s3cret/nova",
            "postgresql://nova:pw@127.0.0.1:1,127.0.0.1:s3cret/nova", "postgresql://nova:pw@127.0.0.1:70000/s3@x",
        ])
    func refused(url: String) async throws {
        #expect(throws: NovaError.self) { try PostgreSQLURL.check(url) }
        let target = PostgreSQLTarget(url: Secret(url), schema: "x", waitLimit: .seconds(300))
        let start = ContinuousClock.now
        let error = await #expect(throws: NovaError.self) {
            _ = try await DatabaseKind.open(.postgresql(target), Scratch.schema)
        }
        // Nobody tries it again and again.
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(error?.message == PostgreSQLFailure.wrongURL)
        #expect(error?.details.contains("%40") == true)
        if !url.hasPrefix("postgresql://nova:pw@") {
            #expect(error?.description.contains("s3") == false && error?.details.contains("s3") == false)
        }
    }

    @Test(
        "Right ones pass.",
        arguments: [
            "postgresql://nova:s3%40cret@127.0.0.1:5432/nova", "postgres://nova@/nova?host=/run/postgresql",
            "postgresql:///nova?host=/a@b&user=nova", "postgresql://nova:a:b?c@db1:5432,db2:5433/nova",
            "postgresql://nova:pw@[::1]:5432/nova", "postgresql://[2001:db8::1]/nova", "postgresql://db/nova",
            "postgresql://nova:pw@db:/nova", "postgresql://",
        ])
    func passes(url: String) throws { try PostgreSQLURL.check(url) }
}
