import CloudKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import Testing

/// Ports of servers that come and go.
@Suite("Interfaces", .serialized)
struct InterfaceTests {
    private func withServer(_ body: (TestCloud, ServerRecord) async throws -> Void) async throws {
        let cloud = try await TestCloud(TestCloud.Options())
        do {
            let id = try await cloud.boot()
            let server = try await cloud.settle(id)
            try #require(server.vmState == .active, "\(server.fault?.message ?? "")")
            try await body(cloud, server)
            #expect(try await cloud.leaks() == [])
        } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
    }

    @Test("two requests for one port: the second fails, and takes nothing from the first")
    func twice() async throws {
        try await withServer { cloud, server in
            let first = try #require(server.network.ports.first)
            try await cloud.attachInterface(server.id, RequestedNetwork(.port, port: first.portID))
            let after = try await cloud.settle(server.id)
            #expect(after.network == server.network)
            #expect(after.fault?.message == "Port \(first.portID) is still in use.")
        }
    }

    @Test("a stopped server gets a port, and a deletion takes all of them")
    func stopped() async throws {
        try await withServer { cloud, server in
            try await cloud.power(server.id, .stop)
            try await cloud.settle(server.id)
            try await cloud.attachInterface(server.id)
            try await cloud.attachInterface(server.id)
            let after = try await cloud.settle(server.id)
            #expect(after.vmState == .stopped && after.network.ports.count == 3)
            #expect(Set(after.network.ports.map(\.fixedIP)).count == 3)
            try await cloud.delete(server.id)
            #expect(try await cloud.settle(server.id).vmState == .deleted)
        }
    }

    @Test("a server that is deleted while it gets a port leaves none")
    func deletion() async throws {
        try await withServer { cloud, server in
            try await cloud.attachInterface(server.id)
            try await cloud.delete(server.id)
            #expect(try await cloud.settle(server.id).vmState == .deleted)
        }
    }
}
