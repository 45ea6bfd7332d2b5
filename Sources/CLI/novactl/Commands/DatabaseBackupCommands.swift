import ArgumentParser
import Foundation
import NovaCore
import NovaDatabase
import NovaProcess
import NovaSchema

struct DatabaseBackup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies each database as it is at one moment, while services run.",
        discussion: """
            Makes FOLDER with NAME.sqlite or, of PostgreSQL, NAME.dump (pg_dump's custom format). Each file is one state \
            of one service; reconcilers settle what two services say of different moments.
            """)
    @OptionGroup var place: DatabasePlace
    @OptionGroup var output: OutputOptions
    @Argument(help: "A folder; must not have such files yet.") var folder: String

    func run() async throws {
        // Backups hold hashes of passwords and keys.
        umask(0o077)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var rows: [JSONValue] = []
        for tool in try place.databases() {
            guard let version = try tool.version(), version > 0 else { continue }
            let file = "\(folder)/\(tool.fileName)"
            switch tool.address {
            case .sqlite: try tool.backUp(to: file)
            case .postgresql(let target): try await PostgreSQLPrograms(target).dump(to: file)
            }
            rows.append(["name": .string(tool.schema.name), "version": JSONValue(version), "file": .string(file)])
        }
        guard !rows.isEmpty else { throw NovaError(.notFound, "There is no database to back up.") }
        output.show(rows, [Column("Database", "name"), Column("Version", "version"), Column("File", "file")])
    }
}

struct DatabaseRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a backup in place of the databases.",
        discussion: """
            Stop the services first: they refuse nothing while their rows go back in time. What FOLDER has no file of \
            stays as it is. An older backup is migrated when the services start, or by novactl db migrate.
            """)
    @OptionGroup var place: DatabasePlace
    @OptionGroup var output: OutputOptions
    @Argument(help: "The folder of novactl db backup.") var folder: String
    @Flag(help: "Also while services have the databases open.") var force = false
    @Flag(help: "Do not ask.") var yes = false

    func run() async throws {
        // Backups hold hashes of passwords and keys.
        umask(0o077)
        let tools = try place.databases().filter { FileManager.default.fileExists(atPath: "\(folder)/\($0.fileName)") }
        guard !tools.isEmpty else { throw NovaError(.notFound, "\(folder) has no backup of these databases.") }
        if !force, let busy = try tools.first(where: { try $0.isInUse() }) {
            throw NovaError(
                .conflict, "A service has the database \(busy.schema.name) open: stop it first, or give --force.")
        }
        let names = tools.map(\.schema.name).joined(separator: ", ")
        try Confirmation.ask("Replace the content of \(names) by that of \(folder)?", isGiven: yes)
        var rows: [JSONValue] = []
        for tool in tools {
            let file = "\(folder)/\(tool.fileName)"
            switch tool.address {
            case .sqlite: try tool.restore(from: file)
            case .postgresql(let target):
                try await PostgreSQLPrograms(target).restore(from: file, newest: tool.schema.version)
            }
            rows.append([
                "name": .string(tool.schema.name), "version": JSONValue(try tool.version()), "file": .string(file),
            ])
        }
        output.show(rows, [Column("Database", "name"), Column("Version", "version"), Column("From", "file")])
    }
}

extension DatabaseTool {
    /// The name of its backup.
    fileprivate var fileName: String {
        switch address {
        case .sqlite: "\(schema.name).sqlite"
        case .postgresql: "\(schema.name).dump"
        }
    }
}

/// PostgreSQL's own programs, for one schema.
private struct PostgreSQLPrograms {
    private static let limit = Duration.seconds(3600)
    private let schema: String
    private let environment: [String: String]

    init(_ target: PostgreSQLTarget) throws {
        schema = target.schema
        environment = try target.environment()
    }

    func dump(to file: String) async throws {
        guard !FileManager.default.fileExists(atPath: file) else {
            throw NovaError(.badRequest, "\(file) exists already.")
        }
        let part = "\(file).part"
        try await run(
            "pg_dump", ["--format=custom", "--no-password", "--no-owner", "--schema=\(schema)", "--file=\(part)"])
        guard chmod(part, 0o600) == 0, rename(part, file) == 0 else {
            throw NovaError(.unavailable, "The backup cannot be named \(file).")
        }
    }

    /// All or nothing: what is there goes in the transaction in which the backup comes.
    func restore(from file: String, newest version: Int) async throws {
        let script = "\(file).\(getpid()).sql"
        defer { try? FileManager.default.removeItem(atPath: script) }
        try await run("pg_restore", ["--no-owner", "--file=\(script)", file])
        try await run(
            "psql",
            [
                "--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction",
                "--command=DROP SCHEMA IF EXISTS \"\(schema)\" CASCADE", "--file=\(script)",
                "--command=\(check(newest: version))",
            ])
    }

    /// Fails, and so undoes all, when what came is not a backup of this schema that this release can read.
    private func check(newest version: Int) -> String {
        """
        DO $check$ BEGIN IF NOT EXISTS (SELECT FROM "\(schema)".database_version WHERE version <= \(version)) THEN
            RAISE EXCEPTION 'this is no backup of \(schema) that this release can read'; END IF; END $check$
        """
    }

    private func run(_ program: String, _ arguments: [String]) async throws {
        do {
            try await CommandRunner.shared.run(
                Command(program, arguments, environment: environment), within: Self.limit)
        } catch let error as NovaError where error.code == .hypervisor {
            throw NovaError(.unavailable, "\(program) failed.", details: error.details)
        }
    }
}
