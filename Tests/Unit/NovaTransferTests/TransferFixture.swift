import CommonTestKit
import Glibc
import Logging
import NovaCore
import NovaCrypto
import NovaProcess
import NovaTelemetry
import Testing

@testable import NovaTransfer

/// A conductor's key, and the compute hosts that trust it.
struct TransferFixture {
    let key = SigningKey()
    let folder: TemporaryFolder
    let scope = TransferScope(
        serverID: ServerID(UUID128.random()), workflowID: WorkflowID(UUID128.random()), purpose: .disk)

    init() throws { folder = try TemporaryFolder() }

    struct Host {
        let transfers: TransferHost
        let metrics: MetricsRegistry

        func refusals(_ reason: String) -> Int64 { TransferMetrics(metrics).refusals(reason) }
        var sent: Int64 { TransferMetrics(metrics).sent.value }
        var open: Double { TransferMetrics(metrics).open.value }
    }

    func host(_ name: String, _ change: (inout TransferLimits) -> Void = { _ in }) throws -> Host {
        var limits = TransferLimits()
        limits.pause = .milliseconds(10)
        change(&limits)
        let metrics = MetricsRegistry()
        var log = Logger(label: name, factory: { _ in SwiftLogNoOpLogHandler() })
        log.logLevel = .critical
        let verifier = RecordVerifier<TransferGrant>(keys: [key.verifyingKey])
        let transfers = try TransferHost(
            host: name, address: "127.0.0.1", port: 0, limits: limits,
            threads: WorkerThreads(name: "transfer", count: 2),
            metrics: metrics, log: log,
            verify: { text in
                do {
                    return try verifier.verify(text)
                } catch {
                    throw NovaError(.unauthorized, "The grant is not valid.", details: "\(error)")
                }
            })
        return Host(transfers: transfers, metrics: metrics)
    }

    func grant(
        _ listening: Host, _ connecting: Host, purpose: TransferPurpose = .disk, seconds: Int64 = 60,
        key: SigningKey? = nil
    ) throws -> Secret<String> {
        Secret(
            try RecordSigner<TransferGrant>(key: key ?? self.key).sign(
                TransferGrant(
                    serverID: scope.serverID, workflowID: scope.workflowID, purpose: purpose,
                    listening: listening.transfers.end, connecting: connecting.transfers.end,
                    expires: Timestamp.now().adding(seconds: seconds))))
    }

    /// Runs a body while hosts listen.
    func listening(_ hosts: Host..., body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for host in hosts { group.addTask { try await host.transfers.run() } }
            for host in hosts { try await until("it listens") { host.transfers.listeningPort != nil } }
            try await body()
            group.cancelAll()
        }
    }

    func peer(_ host: Host, _ grant: Secret<String>, port: Int? = nil) throws -> TransferPeer {
        TransferPeer(
            address: "127.0.0.1", port: try port ?? #require(host.transfers.listeningPort),
            fingerprint: host.transfers.end.fingerprint, grant: grant)
    }

    /// A file with data in some blocks and holes elsewhere.
    func makeSparse(_ name: String, megabytes: Int64, dataBlocks: [UInt64]) throws -> String {
        let path = "\(folder.path)/\(name)"
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        try #require(file >= 0 && ftruncate(file, off_t(megabytes << 20)) == 0)
        defer { close(file) }
        var random = SplitMix64(seed: 7)
        for block in dataBlocks {
            let bytes = (0..<1024).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            var at = off_t(block) * off_t(BlockDigest.blockSize)
            for _ in 0..<(BlockDigest.blockSize / bytes.count) {
                try #require(pwrite(file, bytes, bytes.count, at) == bytes.count)
                at += off_t(bytes.count)
            }
        }
        return path
    }
}

/// The code of the error that a body throws; nil when it throws none.
func code(_ body: () async throws -> Void) async -> NovaError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return NovaError(error).code
    }
}
