import ArgumentParser
import FoundationEssentials
import NovaSchema

struct KeypairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keypair", abstract: "Key pairs: public keys put into guests.",
        subcommands: [List.self, Show.self, Create.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists key pairs.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await cloud.with { session in
                let body = try await session.get(.compute, "/os-keypairs")
                let pairs = (body["keypairs"]?.arrayValue ?? []).map { $0["keypair"] ?? $0 }
                output.show(
                    pairs, [Column("Name", "name"), Column("Type", "type"), Column("Fingerprint", "fingerprint")])
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a key pair.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its name.") var name: String

        func run() async throws {
            try await cloud.with { session in
                output.show(try await Resource.body(session, "/os-keypairs", of: "keypair", name)["keypair"] ?? .null)
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a public key, or makes a pair and prints its private key.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The new key pair's name.") var name: String
        @ArgumentParser.Option(help: "File with the public key.") var publicKey: String?

        func run() async throws {
            var pair: JSONObject = ["name": .string(name)]
            if let publicKey {
                guard let data = FileManager.default.contents(atPath: publicKey),
                    let text = String(validating: data, as: UTF8.self)
                else { throw ValidationError("Cannot read the public key file \(publicKey).") }
                pair["public_key"] = .string(text.trimmingSuffix(while: \.isWhitespace))
            }
            try await cloud.with { session in
                let body = try await session.post(.compute, "/os-keypairs", .object(["keypair": .object(pair)]))
                let made = body["keypair"] ?? .null
                if !output.json, let key = made["private_key"]?.stringValue {
                    Console.write(key)
                } else {
                    output.show(made)
                }
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a key pair.")
        @OptionGroup var cloud: CloudOptions
        @Argument(help: "Its name.") var name: String

        func run() async throws {
            try await cloud.with { session in
                _ = try await Resource.body(session, "/os-keypairs", of: "keypair", name)
                try await session.delete(.compute, "/os-keypairs/\(CloudSession.escaped(name))")
            }
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while fits: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, fits(last) { rest.removeLast() }
        return String(rest)
    }
}
