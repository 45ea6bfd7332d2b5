import ArgumentParser
import NovaCore
import NovaDatabase
import NovaSchema
import NovaService

struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "The services' databases (operators).",
        subcommands: [
            Version.self, Migrate.self, Check.self, DatabaseBackup.self, DatabaseRestore.self, DatabaseArchive.self,
        ])

    struct Version: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the schema version of each database.")
        @OptionGroup var place: DatabasePlace
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let rows = try place.databases().map { tool in
                JSONValue.object([
                    "name": .string(tool.schema.name), "version": JSONValue(try tool.version()),
                    "newest": JSONValue(tool.schema.version),
                    "size": try tool.size().map { .integer($0) } ?? .null,
                    "path": .string(tool.address.description),
                ])
            }
            output.show(
                rows,
                [
                    Column("Database", "name"), Column("Version", "version"), Column("This release", "newest"),
                    Column("Bytes", "size"), Column("Where", "path"),
                ])
        }
    }

    struct Migrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings the databases to the schema of this release, while services run.",
            discussion: "Services do this by themselves when they start.")
        @OptionGroup var place: DatabasePlace
        @OptionGroup var output: OutputOptions

        func run() async throws {
            var rows: [JSONValue] = []
            for tool in try place.databases() {
                let before = try tool.version() ?? 0
                let database = try Database(tool.address, schema: tool.schema, log: ToolSupport.log)
                await database.close()
                let version = tool.schema.version
                let how = before == 0 ? "made" : before == version ? "is at" : "from \(before) to"
                if !output.json { Console.write("\(tool.schema.name): \(how) version \(version) (\(tool.address))") }
                rows.append([
                    "name": .string(tool.schema.name), "before": JSONValue(before), "version": JSONValue(version),
                ])
            }
            if output.json { output.show(rows, []) }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks files, references between rows and schemas, while services run.",
            discussion: "Exit code 1 when something is wrong.")
        @OptionGroup var place: DatabasePlace
        @OptionGroup var output: OutputOptions

        func run() async throws {
            var rows: [JSONValue] = []
            var isWrong = false
            for tool in try place.databases() {
                let found = try tool.check()
                isWrong = isWrong || !found.isEmpty
                rows.append([
                    "name": .string(tool.schema.name), "ok": .bool(found.isEmpty), "findings": JSONValue(found),
                ])
            }
            output.show(
                rows,
                [
                    Column("Database", "name"),
                    Column("State") { $0["ok"]?.boolValue == true ? "ok" : "wrong" },
                    Column("Findings") { value in
                        (value["findings"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: "; ")
                    },
                ])
            if isWrong { throw ExitCode(1) }
        }
    }
}
