import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema

/// `/servers/{id}/remote-consoles` and `/os-console-auth-tokens`, as Nova answers where no kind of console is enabled.
struct ConsolesResource: Sendable {
    private static let types: [JSONValue] = ["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5"]
    private static let protocols: [JSONValue] = ["vnc", "spice", "serial", "rdp"]
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .post, "/servers/{id}/remote-consoles", name: "os_compute_api:os-remote-consoles", since: .v(6),
                body: [
                    Self.body(since: 6, Self.protocols, Self.types),
                    Self.body(since: 8, Self.protocols + ["mks"], Self.types + ["webmks"]),
                    Self.body(since: 99, Self.protocols + ["mks"], Self.types + ["webmks", "spice-direct"]),
                ], policy: Rules.member, summary: "Shows where a server's console is: no kind of console is enabled."
            ) { request in
                let server = try await parts.server(request)
                _ = try parts.host(of: server)
                let type = request.body["remote_console"]?["type"]?.stringValue ?? ""
                throw NovaError(.badRequest, "Unavailable console type \(type).")
            },
            Operation(
                .get, "/os-console-auth-tokens/{token}", name: "os_compute_api:os-console-auth-tokens",
                policy: Rules.admin, summary: "Shows what a console's token is for: there are none."
            ) { request in
                guard request.atLeast(31) else {
                    throw NovaError(.badRequest, "Before 2.31 only the tokens of RDP consoles are shown.")
                }
                throw NovaError(.notFound, "Token not found")
            },
        ]
    }

    private static func body(since minor: Int, _ protocols: [JSONValue], _ types: [JSONValue]) -> BodySchema {
        BodySchema(
            since: .v(minor),
            .wrapped(
                "remote_console",
                .object(
                    properties: ["protocol": .enumeration(protocols), "type": .enumeration(types)],
                    required: ["protocol", "type"], additional: false)))
    }
}
