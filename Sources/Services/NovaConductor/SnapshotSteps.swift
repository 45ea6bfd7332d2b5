import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWire
import NovaWorkflow

/// What a workflow knows that makes an image of a server's disk.
protocol SnapshotMaking: Record {
    var serverID: ServerID { get }
    var image: SnapshotImage { get }
}

extension SnapshotState: SnapshotMaking {}
extension ShelveState: SnapshotMaking {}

/// The steps that make an image of a server's disk: the image without data, a file of the disk, its upload.
struct SnapshotSteps<State: SnapshotMaking>: Sendable {
    typealias Step = Workflow<State>.Step

    let parts: ConductorParts
    let host: @Sendable (Connection, State) throws -> StepHost?

    /// The image without data, which nova-api has made already, as a rule.
    ///
    /// - Parameter prepare: what else is decided now.
    func image(_ prepare: @escaping @Sendable (inout State) -> Void = { _ in }) -> Step {
        .init(
            "image",
            run: { [parts] state, context in
                prepare(&state)
                _ = try await parts.bus.call(
                    AddSnapshotImage(state.image), to: .topic(AddSnapshotImage.topic), context: context.request)
            },
            undo: { [parts] state, context in
                _ = try await parts.bus.call(
                    DiscardImage(state.image.id), to: .topic(DiscardImage.topic), context: context.request)
            })
    }

    /// - Parameters:
    ///   - begin: shows what is being done.
    ///   - commit: shows what follows.
    func snapshot(
        begin: @escaping @Sendable (Connection, State) throws -> Void,
        commit: @escaping @Sendable (Connection, State) throws -> Void = { _, _ in }
    ) -> Step {
        .init(
            "snapshot",
            begin: begin,
            run: { [parts] state, context in
                let server = try await parts.server(state.serverID, in: context)
                let host = try parts.host(of: server)
                let quiescing = Quiescing(properties: server.imageProperties?.properties ?? [:])
                _ = try await parts.bus.call(
                    ComputeSnapshot(context.fence, state.serverID, state.image.id, quiescing),
                    to: .host(ComputeSnapshot.topic, host), context: context.request)
            },
            commit: commit,
            undo: { [parts] state, context in
                guard let host = try await parts.server(state.serverID, in: context).host else { return }
                _ = try await parts.bus.call(
                    ComputeDiscardSnapshot(context.fence, state.serverID, state.image.id),
                    to: .host(ComputeDiscardSnapshot.topic, host), context: context.request)
            },
            host: host)
    }

    /// - Parameters:
    ///   - begin: shows what is being done.
    ///   - commit: notes that the image is complete.
    func upload(
        begin: @escaping @Sendable (Connection, State) throws -> Void,
        commit: @escaping @Sendable (Connection, State) throws -> Void = { _, _ in }
    ) -> Step {
        .init(
            "upload",
            begin: begin,
            run: { [parts] state, context in
                let host = try parts.host(of: try await parts.server(state.serverID, in: context))
                let image = try parts.grants.grant(writing: state.image.id, to: host)
                _ = try await parts.bus.call(
                    ComputeUploadSnapshot(context.fence, state.serverID, image),
                    to: .host(ComputeUploadSnapshot.topic, host), context: context.request)
            },
            commit: commit,
            host: host)
    }
}
