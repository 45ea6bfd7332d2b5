import CommonTestKit
import NovaCore
import NovaModel
import NovaProcess
import NovaWire
import Testing

@testable import NovaCompute

@Suite("Fences")
struct FenceTests {
    private let workflow = WorkflowID.random()
    private func fence(_ step: Int64, _ epoch: Int64) -> Fence { Fence(workflow: workflow, step: step, epoch: epoch) }

    @Test("a repeated step answers its old outcome, a lower epoch is refused")
    func rules() throws {
        var log = FenceLog()
        #expect(try log.admit(fence(3, 2), method: "build") == nil)
        log.note(FenceEntry(fence(3, 2), "build", outcome: [1, 2]))
        #expect(try log.admit(fence(3, 2), method: "build") == [1, 2])
        #expect(try log.admit(fence(3, 5), method: "build") == [1, 2])
        #expect(try log.admit(fence(3, 2), method: "destroy") == nil)
        #expect(try log.admit(fence(4, 2), method: "build") == nil)
        #expect { try log.admit(fence(4, 1), method: "build") } throws: { ($0 as? NovaError)?.code == .stale }
        #expect(try log.admit(Fence(workflow: .random(), step: 1, epoch: 1), method: "power.stop") == nil)
    }

    @Test("after a removal only a newer owner of the same workflow may build again")
    func tombstone() throws {
        var log = FenceLog()
        log.note(FenceEntry(fence(3, 1), "destroy", outcome: []))
        log.destroyedAt = .now()
        #expect(throws: NovaError.self) { try log.admit(fence(3, 1), method: "build") }
        #expect(throws: NovaError.self) {
            try log.admit(Fence(workflow: .random(), step: 1, epoch: 9), method: "build")
        }
        #expect(try log.admit(fence(3, 2), method: "build") == nil)
        #expect(throws: NovaError.self) {
            try log.admit(Fence(workflow: .random(), step: 0, epoch: 1), method: "power.start")
        }
        #expect(try log.admit(fence(3, 1), method: "destroy", destroys: true) == [])
    }

    @Test("a workflow that was accepted after the removal may bring the server back")
    func comeBack() throws {
        func fence(_ seconds: Int64) -> Fence {
            Fence(workflow: .random(), step: 0, epoch: 1, acceptedAt: Timestamp(microseconds: seconds * 1_000_000))
        }
        var log = FenceLog()
        log.destroyedAt = .now()
        #expect(throws: NovaError.self) { try log.admit(fence(9), method: "fetch_disks") }
        log.removalAcceptedAt = fence(5).acceptedAt
        #expect(throws: NovaError.self) { try log.admit(fence(4), method: "fetch_disks") }
        #expect(throws: NovaError.self) { try log.admit(fence(5), method: "fetch_disks") }
        #expect(try log.admit(fence(6), method: "fetch_disks") == nil)
    }

    @Test("fences outlive the process", arguments: [true, false])
    func persistence(durable: Bool) async throws {
        let folder = try TemporaryFolder()
        let threads = WorkerThreads(name: "test", count: 1)
        let id = ServerID.random()
        let first = try FenceStore(folder: "\(folder.path)/f", durable: durable, threads: threads)
        #expect(try await first.admit(id, fence(1, 4), method: "build") == nil)
        try await first.finish(id, fence(1, 4), method: "build", outcome: [7], destroyed: false)
        let second = try FenceStore(folder: "\(folder.path)/f", durable: durable, threads: threads)
        #expect(try await second.admit(id, fence(1, 4), method: "build") == [7])
        await #expect(throws: NovaError.self) { try await second.admit(id, fence(2, 3), method: "power.stop") }
        #expect(second.isKnownStale(id, fence(1, 3)))
    }

    @Test("a new owner shuts the old one out before its step has ended")
    func takeover() async throws {
        let folder = try TemporaryFolder()
        let threads = WorkerThreads(name: "test", count: 1)
        let id = ServerID.random()
        let store = try FenceStore(folder: "\(folder.path)/f", durable: false, threads: threads)
        #expect(try await store.admit(id, fence(1, 2), method: "build") == nil)
        let restarted = try FenceStore(folder: "\(folder.path)/f", durable: false, threads: threads)
        await #expect(throws: NovaError.self) { try await restarted.admit(id, fence(1, 1), method: "build") }
    }

    @Test("a write that did not end is taken off, damage before the end is named")
    func damagedFile() async throws {
        let folder = try TemporaryFolder()
        let threads = WorkerThreads(name: "test", count: 1)
        let (one, two) = (ServerID.random(), ServerID.random())
        func store() throws -> FenceStore { try FenceStore(folder: folder.path, durable: false, threads: threads) }
        func append(_ bytes: [UInt8]) throws {
            try HostFiles.write(whole + bytes, to: FenceFiles.path(in: folder.path), durable: false)
        }
        try await store().finish(one, fence(1, 1), method: "build", outcome: [7], destroyed: false)
        let whole = try #require(try HostFiles.read(FenceFiles.path(in: folder.path)))
        for length in [1, 4, whole.count - 1] {
            try append(Array(whole.prefix(length)))
            let restarted = try store()
            #expect(HostFiles.size(FenceFiles.path(in: folder.path)) == Int64(whole.count))
            try await restarted.finish(two, fence(2, 1), method: "build", outcome: [8], destroyed: false)
            #expect(try await store().admit(one, fence(1, 1), method: "build") == [7])
            #expect(try await store().admit(two, fence(2, 1), method: "build") == [8])
        }
        for damage: [UInt8] in [[255, 255, 255, 255], [2, 0, 0, 0, 9, 9]] {
            try append(damage)
            #expect { try store() } throws: { "\($0)".contains("at byte \(whole.count)") }
        }
    }

    @Test("the file is packed when it has grown, and nothing that counts is lost")
    func packing() async throws {
        let folder = try TemporaryFolder()
        let threads = WorkerThreads(name: "test", count: 1)
        let store = try FenceStore(folder: folder.path, durable: false, threads: threads)
        let ids = (0..<10).map { _ in ServerID.random() }
        let outcome = [UInt8](repeating: 1, count: 10_000)
        for step in 0..<50 {
            for id in ids {
                try await store.finish(id, fence(Int64(step), 1), method: "x", outcome: outcome, destroyed: false)
            }
        }
        #expect(try #require(HostFiles.size(FenceFiles.path(in: folder.path))) < 2 << 20)
        let restarted = try FenceStore(folder: folder.path, durable: false, threads: threads)
        for id in ids { #expect(try await restarted.admit(id, fence(49, 1), method: "x") == outcome) }
        #expect(try FenceFiles.live(instancesPath: "/nowhere").isEmpty)
    }

    @Test("the log stays small")
    func bounded() {
        var log = FenceLog()
        for step in 0..<100 {
            log.note(FenceEntry(Fence(workflow: .random(), step: Int64(step), epoch: 1), "power.stop", outcome: []))
        }
        #expect(log.entries.count == FenceLog.limit)
    }
}
