import Glibc
import NovaCore
import NovaCrypto
import Testing

@testable import NovaTransfer

/// Carries the streams of a real live migration, for tools/tests/hosts.sh, which has the hypervisors.
///
/// It says where in the environment: `NOVA_STREAM_DOORS` is a folder of the host that the guest leaves, where a socket for
/// each stream is made, and `NOVA_STREAM_TARGETS` has the sockets of the other host, `NAME=PATH` with spaces between. It
/// goes on until the file `done` is in the folder.
@Suite(.enabled(if: getenv("NOVA_STREAM_DOORS") != nil && getenv("NOVA_STREAM_TARGETS") != nil))
struct HypervisorStreamTests {
    private static func environment(_ name: String) throws -> String { String(cString: try #require(getenv(name))) }

    @Test(.timeLimit(.minutes(5))) func migrationGoesThroughTheChannel() async throws {
        let fixture = try TransferFixture()
        let (target, source) = (try fixture.host("target"), try fixture.host("source"))
        let doors = try Self.environment("NOVA_STREAM_DOORS")
        var sockets: [String: String] = [:]
        for word in try Self.environment("NOVA_STREAM_TARGETS").split(separator: " ") {
            let equals = try #require(word.firstIndex(of: "="))
            sockets[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
        try await fixture.listening(target) { [sockets] in
            var scope = fixture.scope
            scope.purpose = .liveMigration
            _ = try target.transfers.expect(scope, streams: sockets)
            let grant = try fixture.grant(target, source, purpose: .liveMigration)
            let peer = try fixture.peer(target, grant)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in sockets.keys {
                    group.addTask { try await source.transfers.open(name, of: peer, at: "\(doors)/\(name)") }
                }
                try await until("the migration is over", seconds: 240) { access("\(doors)/done", F_OK) == 0 }
                group.cancelAll()
            }
        }
        // A guest's memory has gone one way, and answers have come back.
        #expect(source.sent > 1 << 20)
        #expect(target.sent > 0)
    }
}
