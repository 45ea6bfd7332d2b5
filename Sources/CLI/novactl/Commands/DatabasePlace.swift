import ArgumentParser
import NovaConfig
import NovaCore
import NovaDatabase
import NovaIdentity
import NovaImage
import NovaNetwork
import NovaService
import NovaStore
import PlacementStore

/// Where the databases are, and which of them a command is for.
struct DatabasePlace: ParsableArguments {
    @ArgumentParser.Option(help: "A configuration file of the services (repeatable).") var configFile: [String] = []
    @ArgumentParser.Option(help: "A folder of SQLite files, in place of what the files say.") var path: String?
    @ArgumentParser.Option(
        help: "Only this database (repeatable): nova, placement, identity, image, network.") var only: [String] = []

    /// All databases of a cloud.
    static var schemas: [DatabaseSchema] {
        [
            NovaDatabaseSchema.schema, PlacementSchema.current, IdentitySchema.current, ImageSchema.current,
            NetworkSchema.current,
        ]
    }

    func validate() throws {
        let known = Self.schemas.map(\.name)
        for name in only where !known.contains(name) {
            throw ValidationError("There is no database \(name); there are \(known.joined(separator: ", ")).")
        }
    }

    func databases() throws -> [DatabaseTool] {
        let wanted = Self.schemas.filter { only.isEmpty || only.contains($0.name) }
        if let path {
            return wanted.map { DatabaseTool(.sqlite(path: "\(path)/\($0.name).sqlite"), schema: $0) }
        }
        let daemon = Daemon(name: "novactl", services: [])
        let config = try DaemonRunner.configuration(
            daemon, arguments: configFile.flatMap { ["--config-file", $0] })
        return wanted.map { schema in
            DatabaseTool(
                CommonOptions.databaseAddress(schema.name, config, statePath: config[CommonOptions.statePath]),
                schema: schema)
        }
    }
}
