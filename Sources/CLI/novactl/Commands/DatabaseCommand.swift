import ArgumentParser
import NovaConfig
import NovaCore
import NovaDatabase
import NovaSchema
import NovaService
import NovaStore
import PlacementStore

struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "The services' databases on this host (operators).",
        subcommands: [Version.self, Migrate.self])

    /// The databases that this program knows the schema of; the other services migrate theirs when they start.
    private static let schemas = [NovaDatabaseSchema.schema, PlacementSchema.current]

    struct Version: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the schema version of each database.")
        @OptionGroup var place: DatabasePlace
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let folder = try place.folder()
            var rows: [JSONValue] = []
            for name in ["nova", "placement", "identity", "image", "network"] {
                let version = try DatabaseFile(path: "\(folder)/\(name).sqlite").version
                let schema = schemas.first { $0.name == name }
                rows.append(
                    .object([
                        "name": .string(name), "path": .string("\(folder)/\(name).sqlite"),
                        "version": version.map { .integer(Int64($0)) } ?? .null,
                        "newest": schema.map { .integer(Int64($0.version)) } ?? .null,
                    ]))
            }
            output.show(
                rows,
                [
                    Column("Database", "name"), Column("Version", "version"), Column("This release", "newest"),
                    Column("File", "path"),
                ])
        }
    }

    struct Migrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings the nova and placement databases to the schema of this release.",
            discussion: "Services do this by themselves when they start, and the other databases with it.")
        @OptionGroup var place: DatabasePlace

        func run() async throws {
            let folder = try place.folder()
            for schema in schemas {
                let path = "\(folder)/\(schema.name).sqlite"
                let before = try DatabaseFile(path: path).version
                let database = try Database(path: path, schema: schema, log: ToolSupport.log)
                await database.close()
                let from = before.map { $0 == 0 ? "made" : $0 == schema.version ? "is at" : "from \($0) to" } ?? "made"
                Console.write("\(schema.name): \(from) version \(schema.version) (\(path))")
            }
        }
    }
}

/// Where the databases are.
struct DatabasePlace: ParsableArguments {
    @ArgumentParser.Option(help: "A configuration file of the services (repeatable).") var configFile: [String] = []
    @ArgumentParser.Option(help: "The folder itself, in place of what the files say.") var path: String?

    func folder() throws -> String {
        if let path { return path }
        let daemon = Daemon(name: "novactl", services: [])
        let files = configFile.flatMap { ["--config-file", $0] }
        let config = try DaemonRunner.configuration(daemon, arguments: files)
        let folder = config[CommonOptions.databasePath]
        return folder.isEmpty ? config[CommonOptions.statePath] : folder
    }
}
