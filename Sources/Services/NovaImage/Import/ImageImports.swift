import Logging
import NovaCore

/// Does the imports that were accepted: a few at once, each to its end, also after a restart.
final class ImageImports: Sendable {
    /// The ways to import that users have.
    let methods: [String]
    let filter: ImportFilter
    private let intake: ImageIntake
    private let gate: AsyncGate
    private let log: Logger
    /// Unbounded, because the table bounds how many there are.
    private let accepted: AsyncStream<UUID128>
    private let continuation: AsyncStream<UUID128>.Continuation

    init(intake: ImageIntake, methods: [String], filter: ImportFilter, workers: Int, log: Logger) {
        self.intake = intake
        self.methods = methods
        self.filter = filter
        self.log = log
        gate = AsyncGate(limit: workers)
        (accepted, continuation) = AsyncStream.makeStream()
    }

    /// Takes up what the last process has left; before the first request.
    func resume() async throws {
        for id in try await intake.table.openTasks() { continuation.yield(id) }
    }

    /// Accepts an import; when this returns it will be done.
    func accept(_ task: ImportTask) async throws {
        try await intake.table.accept(task)
        continuation.yield(task.id)
    }

    /// Works until the task is cancelled; what is not done then the next process does.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await id in accepted { group.addTask { await self.perform(id) } }
            group.cancelAll()
        }
    }

    private func perform(_ id: UUID128) async {
        while !Task.isCancelled {
            do {
                return try await gate.with { try await self.attempt(id) }
            } catch {
                if Task.isCancelled { return }
                log.error("an import waits", metadata: ["task": "\(id)", "error": "\(error)"])
                // The database does not answer, most likely.
                try? await Task.sleep(for: .seconds(5))  // ends early when cancelled, as the loop sees
            }
        }
    }

    private func attempt(_ id: UUID128) async throws {
        guard let (task, image) = try await intake.table.begin(id) else { return }
        let failure: NovaError
        do {
            guard let image, image.status == .importing else {
                throw NovaError(.notFound, "The image was deleted before its import.")
            }
            guard task.attempts <= ImportTask.attemptLimit else {
                throw NovaError(.internal, "The import was begun \(ImportTask.attemptLimit) times and never ended.")
            }
            let data = try await fetch(task, image)
            return try await intake.table.complete(task, data, quota: intake.limits.storage)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            failure = NovaError(error)
        }
        log.notice("an import failed", metadata: ["image": "\(task.imageID)", "error": "\(failure)"])
        await intake.files.remove(task.imageID)
        try await intake.table.fail(task, failure.message)
    }

    private func fetch(_ task: ImportTask, _ image: ImageRecord) async throws -> StoredData {
        guard task.method == "web-download" else { return try await intake.adoptStaged(image) }
        let room = try await intake.room(for: image, announced: nil)
        return try await intake.receive(image, atMost: room) { [filter] file in
            try await WebDownload(filter: filter).fetch(task.uri) { try await file.append($0) }
        }
    }
}
