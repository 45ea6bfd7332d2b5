import ArgumentParser
import FoundationEssentials
import NovaCore
import NovaSchema

struct ServerCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Creates a server.")
    @OptionGroup var cloud: CloudOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The new server's name.") var name: String
    @ArgumentParser.Option(help: "Image to boot (name or id).") var image: String
    @ArgumentParser.Option(help: "Flavor (name or id).") var flavor: String
    @ArgumentParser.Option(help: "Network (name or id, repeatable), auto or none.") var network: [String] = []
    @ArgumentParser.Option(help: "Key pair for the guest.") var keyName: String?
    @ArgumentParser.Option(help: "File with user data for the guest.") var userData: String?
    @ArgumentParser.Option(help: "Availability zone, or ZONE:HOST for administrators.") var availabilityZone: String?
    @ArgumentParser.Option(help: "key=value kept with the server (repeatable).") var property: [String] = []
    @Flag(help: "Attach a config drive.") var configDrive = false
    @Flag(help: "Wait until it is active, and show its progress.") var wait = false
    @ArgumentParser.Option(help: "Seconds to wait at most.") var timeout = 600

    func run() async throws {
        try await cloud.with { session in
            let body = try await request(session)
            let created = try await session.post(.compute, "/servers", .object(["server": body]))
            guard let id = created["server"]?["id"]?.stringValue else {
                throw NovaError(.malformed, "The compute service sent no id for the new server.")
            }
            if wait { try await ServerWatch(session: session, limit: timeout).untilActive(id) }
            var server = try await Resource.server.show(session, id: id).objectValue ?? JSONObject()
            if let password = created["server"]?["adminPass"] { server["adminPass"] = password }
            output.show(output.json ? .object(server) : ServerView.forPeople(.object(server)))
        }
    }

    private func request(_ session: CloudSession) async throws -> JSONValue {
        var body: JSONObject = ["name": .string(name)]
        body["imageRef"] = .string(try await Resource.image.id(session, image))
        body["flavorRef"] = .string(try await Resource.flavor.id(session, flavor))
        if network.isEmpty || network == ["auto"] {
            body["networks"] = .string("auto")
        } else if network == ["none"] {
            body["networks"] = .string("none")
        } else {
            var networks: [JSONValue] = []
            for name in network {
                networks.append(.object(["uuid": .string(try await Resource.network.id(session, name))]))
            }
            body["networks"] = .array(networks)
        }
        if let keyName { body["key_name"] = .string(keyName) }
        if let availabilityZone { body["availability_zone"] = .string(availabilityZone) }
        if configDrive { body["config_drive"] = .bool(true) }
        if !property.isEmpty {
            let pairs = try property.map { text -> (String, JSONValue) in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[0].isEmpty else {
                    throw ValidationError("--property needs key=value, not \"\(text)\".")
                }
                return (String(parts[0]), .string(String(parts[1])))
            }
            body["metadata"] = .object(JSONObject(pairs))
        }
        if let userData {
            guard let data = FileManager.default.contents(atPath: userData) else {
                throw ValidationError("Cannot read the user data file \(userData).")
            }
            body["user_data"] = .string(data.base64EncodedString())
        }
        return .object(body)
    }
}
