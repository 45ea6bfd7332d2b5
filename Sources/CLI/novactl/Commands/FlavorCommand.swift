import ArgumentParser
import NovaSchema

struct FlavorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flavor", abstract: "Flavors: sizes of servers.",
        subcommands: [List.self, Show.self, Create.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists flavors.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "Also flavors that are not public (administrators).") var all = false

        func run() async throws {
            try await cloud.with { session in
                let flavors = try await Resource.flavor.list(session, "/detail", all ? [("is_public", "None")] : [])
                output.show(
                    flavors,
                    [
                        Column("ID", "id"), Column("Name", "name"), Column("RAM MiB", "ram"),
                        Column("Disk GiB", "disk"),
                        Column("VCPUs", "vcpus"), Column("Public", "os-flavor-access:is_public"),
                    ])
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a flavor.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Name or id.") var flavor: String

        func run() async throws {
            try await cloud.with { output.show(try await Resource.flavor.find($0, flavor)) }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Creates a flavor (administrators).")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The new flavor's name.") var name: String
        @ArgumentParser.Option(help: "Its id; made when not given.") var id: String?
        @ArgumentParser.Option(help: "Memory in MiB.") var ram: Int
        @ArgumentParser.Option(help: "Root disk in GiB; 0 = the image's size.") var disk = 0
        @ArgumentParser.Option(help: "Virtual processors.") var vcpus: Int
        @Flag(help: "Only for projects that get access.") var `private` = false

        func run() async throws {
            try await cloud.with { session in
                let flavor: JSONObject = [
                    "name": .string(name), "id": id.map { .string($0) } ?? .null, "ram": .integer(Int64(ram)),
                    "disk": .integer(Int64(disk)), "vcpus": .integer(Int64(vcpus)),
                    "os-flavor-access:is_public": .bool(!self.private),
                ]
                let created = try await session.post(.compute, "/flavors", .object(["flavor": .object(flavor)]))
                output.show(created["flavor"] ?? .null)
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a flavor (administrators).")
        @OptionGroup var cloud: CloudOptions
        @Argument(help: "Name or id.") var flavor: String

        func run() async throws {
            try await cloud.with { session in
                let id = try await Resource.flavor.id(session, flavor)
                try await session.delete(.compute, "/flavors/\(CloudSession.escaped(id))")
            }
        }
    }
}
