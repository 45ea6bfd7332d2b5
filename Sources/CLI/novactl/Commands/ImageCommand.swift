import ArgumentParser
import NovaCore
import NovaSchema

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Images: disks that servers boot from.",
        subcommands: [List.self, Create.self, Show.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists images.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions

        /// Bytes as people read them: "64.0 KiB".
        private static func size(_ bytes: Int64?) -> String {
            guard let bytes else { return "-" }
            var (value, unit) = (Double(bytes), "B")
            for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 {
                value /= 1024
                unit = next
            }
            guard unit != "B" else { return "\(bytes) B" }
            let tenths = Int64((value * 10).rounded())
            return "\(tenths / 10).\(tenths % 10) \(unit)"
        }

        func run() async throws {
            try await cloud.with { session in
                output.show(
                    try await Resource.image.list(session),
                    [
                        Column("ID", "id"), Column("Name", "name"), Column("Status", "status"),
                        Column("Format", "disk_format"), Column("Size", { Self.size($0["size"]?.integerValue) }),
                        Column("Visibility", "visibility"),
                    ])
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Creates an image from a file.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The new image's name.") var name: String
        @ArgumentParser.Option(help: "The file with the disk.") var file: String
        @ArgumentParser.Option(help: "Format of the file: qcow2, raw, iso.") var diskFormat = "qcow2"
        @ArgumentParser.Option(help: "Smallest root disk in GiB.") var minDisk = 0
        @ArgumentParser.Option(help: "Smallest memory in MiB.") var minRam = 0
        @Flag(help: "For all projects (administrators).") var `public` = false

        func run() async throws {
            _ = try FileUpload(path: file)  // a wrong path is told before anything is made
            try await cloud.with { session in
                let image: JSONObject = [
                    "name": .string(name), "disk_format": .string(diskFormat), "container_format": .string("bare"),
                    "visibility": .string(self.public ? "public" : "private"),
                    "min_disk": .integer(Int64(minDisk)), "min_ram": .integer(Int64(minRam)),
                ]
                let created = try await session.post(.image, "/images", .object(image))
                guard let id = created["id"]?.stringValue else {
                    throw NovaError(.malformed, "The image service sent no id for the new image.")
                }
                do {
                    try await session.put(.image, "/images/\(id)/file", file: file)
                } catch {
                    do {
                        try await session.delete(.image, "/images/\(id)")
                    } catch {
                        Console.complain("The empty image is left behind; delete it with: novactl image delete \(id)")
                    }
                    throw error
                }
                output.show(try await Resource.image.show(session, id: id))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows an image.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Name or id.") var image: String

        func run() async throws {
            try await cloud.with { output.show(try await Resource.image.find($0, image)) }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes an image.")
        @OptionGroup var cloud: CloudOptions
        @Argument(help: "Name or id.") var image: String

        func run() async throws {
            try await cloud.with { session in
                try await session.delete(.image, "/images/\(try await Resource.image.id(session, image))")
            }
        }
    }
}
