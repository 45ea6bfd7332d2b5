import Foundation
import NovaCore
import NovaProcess
import Testing

@testable import NovaConductor

/// Agents are programs of others: small scripts here, called as ClusterLabs' are.
@Suite("Fence agents", .timeLimit(.minutes(1)))
struct FenceAgentTests {
    private struct Place {
        let folder: String
        var input: String { (try? String(contentsOfFile: "\(folder)/input", encoding: .utf8)) ?? "" }

        func file(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }

        func agent(_ script: String, arguments: Bool = false, timeout: Duration = .seconds(20)) throws -> FenceAgent {
            try file("agent", "#!/bin/sh\ncat >\(folder)/input\n\(script)\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/agent")
            return FenceAgent(program: "\(folder)/agent", folder: arguments ? folder : "", timeout: timeout)
        }
    }

    private func with(_ body: (Place) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nova-fence-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(Place(folder: folder))
    }

    private func failure(_ agent: FenceAgent, _ host: String = "h1") async -> NovaError? {
        do {
            _ = try await agent.switchOff(host)
            return nil
        } catch { return NovaError(error) }
    }

    @Test("An agent reads what to do, and for which host; what it prints is kept.")
    func succeeds() async throws {
        try await with { place in
            let printed = try await place.agent("echo 'Success: Powered OFF'").switchOff("h1")
            #expect(printed == "Success: Powered OFF")
            #expect(place.input == "action=off\nplug=h1\n")
        }
    }

    @Test("A host has options of its own, or those of all; lines of comments are not among them.")
    func arguments() async throws {
        try await with { place in
            let agent = try place.agent("true", arguments: true)
            #expect(await failure(agent)?.message == "There are no options of the fence agent for host h1.")
            try place.file("default", "# all\n\nip = {host}.ipmi\npassword=a b{host}\n")
            _ = try await agent.switchOff("h1")
            #expect(place.input == "action=off\nip = h1.ipmi\npassword=a bh1\n")
            try place.file("h1", "ip=10.0.0.1")
            _ = try await agent.switchOff("h1")
            #expect(place.input == "action=off\nip=10.0.0.1\n")
        }
    }

    @Test(
        "Only a host that is off is safe: no file says another action.",
        arguments: ["action=reboot", "option=on", "nix"])
    func onlyOff(line: String) async throws {
        try await with { place in
            try place.file("default", "\(line)\n")
            let agent = try place.agent("true", arguments: true)
            #expect(await failure(agent)?.code == .preconditionFailed)
            #expect(place.input.isEmpty)
        }
    }

    @Test(
        "A host's name leads to no other file and adds no line.",
        arguments: ["../h1", "h1\nx=1", ".h", "a/b", "", "h 1"])
    func names(host: String) async throws {
        try await with { place in
            let agent = try place.agent("true")
            #expect(await failure(agent, host)?.code == .badRequest)
            #expect(place.input.isEmpty)
        }
    }

    @Test("An agent that fails is quoted; one that is missing, or never ends, fails too, for good.")
    func fails() async throws {
        try await with { place in
            let broken = await failure(try place.agent("echo 'Unable to connect/login' >&2; exit 1"))
            #expect(broken?.isTransient == false)
            #expect(
                broken?.message
                    == "The fence agent agent could not switch host h1 off (status 1): Unable to connect/login")
            let silent = await failure(try place.agent("exit 2"))
            #expect(silent?.message.hasSuffix("(status 2): it printed nothing.") == true)
            let endless = await failure(try place.agent("exec sleep 600", timeout: .seconds(1)))
            #expect(endless?.isTransient == false)
            #expect(endless?.message.contains("did not end within 1 s") == true)
            let missing = await failure(FenceAgent(program: "\(place.folder)/none", folder: "", timeout: .seconds(5)))
            #expect(missing?.isTransient == false && missing?.message.contains("could not be run") == true)
            let none = await failure(FenceAgent(program: "", folder: "", timeout: .seconds(5)))
            #expect(none?.message.hasPrefix("No fence agent is configured.") == true)
        }
    }
}
