import ArgumentParser
import NovaCore
import NovaDatabase
import NovaSchema
import NovaService
import NovaStore

struct DatabaseArchive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Takes servers that were deleted long ago out of the nova database.",
        discussion: """
            With their workflows, journal and explanations, as lines of JSON to the end of a file. The conductor does \
            it every hour by [database] retention_days and archive_path; the other services remove by themselves what \
            is no longer of use.
            """)
    @OptionGroup var place: DatabasePlace
    @OptionGroup var output: OutputOptions
    @ArgumentParser.Option(help: "Those deleted at least so many days ago.") var before: Int
    @ArgumentParser.Option(help: "The file that gets the rows.") var to: String?
    @Flag(help: "Keep no copy of the rows.") var discard = false

    func validate() throws {
        guard (0...36_500).contains(before) else { throw ValidationError("--before is a number of days, 0 to 36500.") }
        guard (to == nil) == discard else { throw ValidationError("Give --to FILE, or --discard to keep no copy.") }
    }

    func run() async throws {
        guard let tool = try place.databases().first(where: { $0.schema.name == "nova" }) else {
            throw NovaError(.badRequest, "Only the nova database has servers.")
        }
        guard try tool.version() == tool.schema.version else {
            throw NovaError(.conflict, "The database is not at this release's version: novactl db migrate.")
        }
        let database = try Database(tool.address, schema: tool.schema, log: ToolSupport.log)
        let time = Timestamp.now().adding(seconds: -Int64(before) * 86_400)
        let result: Result<Int, any Error>
        do {
            result = .success(
                try await ServerArchive.run(on: database, deletedBefore: time, to: to.map { ArchiveFile(path: $0) }))
        } catch {
            result = .failure(error)
        }
        await database.close()
        output.show([
            "servers": JSONValue(try result.get()), "file": JSONValue(to),
            "bytes": try tool.size().map { .integer($0) } ?? .null,
        ])
    }
}
