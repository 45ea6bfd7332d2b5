import CommonTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import NovaWire
import Testing

@Suite("Interfaces of servers", .timeLimit(.minutes(1)))
struct InterfaceTests {
    private static let port: PortBinding = {
        var port = PortBinding()
        port.portID = .random()
        port.networkID = .random()
        port.mac = "fa:16:3e:00:00:01"
        port.fixedIP = "10.0.0.5"
        port.tag = "data"
        return port
    }()

    private func server(_ api: CloudAPI, _ change: @escaping @Sendable (inout ServerRecord) -> Void = { _ in })
        async throws -> ServerID
    {
        try await api.server {
            $0.host = "h1"
            $0.network = NetworkInfo([Self.port])
            change(&$0)
        }
    }

    /// Ends the next workflow of a server as a conductor would.
    private func end(
        _ api: CloudAPI, _ id: ServerID, _ body: @escaping @Sendable (inout WorkflowRecord) throws -> Void
    ) async throws {
        try await until("an open workflow of \(id)") {
            try await api.database.write { connection in
                guard var workflow = try WorkflowTable(connection).list(server: id, openOnly: true, limit: 1).first
                else { return false }
                try body(&workflow)
                workflow.finishedAt = .now()
                try connection.update(workflow, in: "workflows", key: "id")
                return true
            }
        }
    }

    @Test func attachAnswersWithThePort() async throws {
        try await CloudAPI.with { api in
            let id = try await server(api)
            async let reply = api.send(
                "POST", "/servers/\(id)/os-interface",
                ["interfaceAttachment": ["net_id": .string(Self.port.networkID.description), "tag": "data"]])
            try await end(api, id) { workflow in
                #expect(workflow.kind == "attachInterface")
                var state = try AttachInterfaceState(decoding: workflow.data.bytes)
                #expect(state.wanted == RequestedNetwork(.network, network: Self.port.networkID, tag: "data"))
                state.port = Self.port
                workflow.data = Blob(state.encoded())
                workflow.state = .succeeded
            }
            let answer = try await reply
            #expect(answer.status == 200)
            let body = answer.body["interfaceAttachment"]
            #expect(body?["port_id"]?.stringValue == Self.port.portID.description)
            #expect(body?["fixed_ips"]?.arrayValue?.first?["ip_address"]?.stringValue == "10.0.0.5")
            #expect(body?["tag"]?.stringValue == "data" && body?["port_state"]?.stringValue == "ACTIVE")
            let old = try await api.send(
                "GET", "/servers/\(id)/os-interface/\(Self.port.portID)", version: "2.69")
            #expect(old.status == 200 && old.body["interfaceAttachment"]?["tag"] == nil)
        }
    }

    @Test(arguments: [
        (NovaError.Code.notFound, 404), (.conflict, 409), (.badRequest, 400), (.notImplemented, 400),
        (.hypervisor, 500), (.overQuota, 403),
    ])
    func attachFailsAsItsWorkflow(code: NovaError.Code, status: Int) async throws {
        try await CloudAPI.with { api in
            let id = try await server(api)
            async let reply = api.send("POST", "/servers/\(id)/os-interface", [:])
            try await end(api, id) { workflow in
                let state = try AttachInterfaceState(decoding: workflow.data.bytes)
                #expect(state.wanted == RequestedNetwork(.auto))
                workflow.state = .undoing
                workflow.error = WorkflowError(NovaError(code, "no"))
            }
            #expect(try await reply.status == status)
        }
    }

    @Test func wrongRequests() async throws {
        try await CloudAPI.with { api in
            let id = try await server(api)
            let some = JSONValue.string(NetworkID.random().description)
            func attach(
                _ attachment: JSONValue, _ id: ServerID, as token: String = "member", version: String = "2.104"
            ) async throws -> CloudAPI.Reply {
                try await api.send(
                    "POST", "/servers/\(id)/os-interface", ["interfaceAttachment": attachment], as: token,
                    version: version)
            }
            let both = try await attach(["net_id": some, "port_id": some], id)
            #expect(both.status == 400 && both.message == "Must not input both network_id and port_id")
            let address = try await attach(["fixed_ips": [["ip_address": "10.0.0.9"]]], id)
            #expect(address.status == 400 && address.message == "Must input network_id when request IP address")
            #expect(try await attach(["tag": "x"], id, version: "2.48").status == 400)
            #expect(try await attach(["tag": "a,b"], id).status == 400)
            #expect(try await attach(["net_id": "1"], id).status == 400)
            #expect(try await attach([:], id, as: "reader").status == 403)
            #expect(try await attach([:], id, as: "other").status == 404)
            let own = try await attach(["port_id": .string(Self.port.portID.description)], id)
            #expect(own.status == 409 && own.message == "Port \(Self.port.portID) is still in use.")
            let suspended = try await server(api) { $0.vmState = .suspended }
            let refused = try await attach([:], suspended)
            #expect(refused.status == 409)
            #expect(
                refused.message
                    == "Cannot 'attach_interface' instance \(suspended) while it is in vm_state suspended")
            let locked = try await server(api) { $0.isLocked = true }
            #expect(try await attach([:], locked).message == "Instance \(locked) is locked")
        }
    }

    @Test func detach() async throws {
        try await CloudAPI.with { api in
            let id = try await server(api)
            let unknown = PortID.random()
            let missing = try await api.send("DELETE", "/servers/\(id)/os-interface/\(unknown)")
            #expect(missing.status == 404)
            #expect(missing.message == "Instance \(id) does not have a port with id \(unknown)")
            let path = "/servers/\(id)/os-interface/\(Self.port.portID)"
            #expect(try await api.send("DELETE", path, as: "reader").status == 403)
            #expect(try await api.send("DELETE", path).status == 202)
            let workflow = try await api.database.read {
                try WorkflowTable($0).list(server: id, openOnly: true, limit: 2)
            }
            #expect(workflow.map(\.kind) == ["detachInterface"])
            #expect(workflow.first?.action == "detach_interface")
            let state = try DetachInterfaceState(decoding: try #require(workflow.first).data.bytes)
            #expect(state.port == Self.port)
        }
    }
}
