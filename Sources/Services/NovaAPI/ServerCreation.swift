import NovaCore
import NovaRPC
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaSchema
import NovaStore
import NovaWire

/// `POST /servers`: checks everything that can be checked under the user's own rights, then accepts the servers and their
/// workflows in one transaction.
struct ServerCreation: Sendable {
    let parts: APIParts

    func callAsFunction(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["server"] ?? .null
        let hints = request.body["os:scheduler_hints"] ?? request.body["OS-SCH-HNT:scheduler_hints"] ?? .null
        let counts = try counts(body)
        var server = try await server(body, request)
        var build = BuildState()
        let disks = try BlockDevices(body, server.flavor, limit: parts.maxLocalDisks)
        if !disks.disks.isEmpty { server.localDisks = ServerLocalDisks(disks.disks) }
        build.image = try await image(disks.image, request)
        server.imageID = build.image?.id
        server.imageProperties = build.image.map { ServerImageProperties($0.properties) }
        if build.image?.properties["img_config_drive"] == "mandatory" { server.hasConfigDrive = true }
        try checkImage(build.image, server.flavor)
        _ = try HardwareRules.decide(server.flavor, image: build.image?.properties ?? [:])
        try apply(hints, to: &server, &build)
        try await ServerPlacement(parts: parts).place(body, request, &server, &build)
        server.requestedNetworks = try RequestedNetworks.parse(body["networks"], request)
        guard counts.maximum == 1 || !server.requestedNetworks.contains(where: { $0.kind == .port }) else {
            throw NovaError(.badRequest, "Unable to launch multiple instances with a single configured port ID.")
        }
        guard counts.maximum == 1 || !server.requestedNetworks.contains(where: { $0.fixedIP != nil }) else {
            throw NovaError(.badRequest, "Invalid request: fixed IP can't be used with max_count > 1.")
        }
        if !server.requestedNetworks.isEmpty {
            _ = try await parts.bus.call(
                ResolveNetworks(project: server.projectID, server.requestedNetworks), to: .topic(ResolveNetworks.topic),
                context: request.context)
        }
        let wanted = WantedServers(
            template: server, build: build, counts: counts, files: try files(body))
        let accepted = try await wanted.accept(parts, request)
        for workflow in accepted.workflows { parts.wakeConductor(workflow, request.context) }
        return answer(accepted.first, body, request)
    }

    private func counts(_ body: JSONValue) throws -> (minimum: Int64, maximum: Int64) {
        let minimum = body["min_count"]?.lenientInteger ?? 1
        let maximum = body["max_count"]?.lenientInteger ?? minimum
        guard minimum <= maximum else { throw NovaError(.badRequest, "min_count must be <= max_count") }
        guard maximum == 1 || body["hostname"] == nil else {
            throw NovaError(
                .badRequest, "Unable to allocate a single hostname to multiple instances")
        }
        return (minimum, maximum)
    }

    /// The fields that come from the request alone, with flavor and key pair looked up.
    private func server(_ body: JSONValue, _ request: APIRequest) async throws -> ServerRecord {
        let caller = try request.caller
        var server = ServerRecord()
        server.projectID = try request.project
        server.userID = caller.userID
        server.name = body["name"]?.stringValue ?? ""
        server.hostname = body["hostname"]?.stringValue ?? Hostname.from(server.name)
        server.text = request.atLeast(19) ? body["description"]?.stringValue : server.name
        server.userData = body["user_data"]?.stringValue
        server.hasConfigDrive = body["config_drive"]?.lenientBool ?? false
        server.accessIPv4 = body["accessIPv4"]?.stringValue
        server.accessIPv6 = body["accessIPv6"]?.stringValue.map { IPText.canonical($0) }
        server.hasAutoDiskConfig = body["OS-DCF:diskConfig"]?.stringValue == "AUTO"
        for (key, value) in body["metadata"]?.objectValue ?? JSONObject() {
            server.metadata[key] = value.stringValue ?? ""
        }
        if let certificates = body["trusted_image_certificates"], !certificates.isNull {
            throw NovaError(
                .badRequest, "Image signature certificate validation is not available in this cloud.")
        }
        server.tags = try ServerTags.list(body["tags"])
        var groups: [String] = []
        for group in body["security_groups"]?.arrayValue?.compactMap({ $0["name"]?.stringValue }) ?? ["default"]
        where !groups.contains(group) { groups.append(group) }
        server.securityGroups = groups
        let reference = body["flavorRef"].map { $0.stringValue ?? $0.text } ?? ""
        let flavorID = reference.split(separator: "/").last.map(String.init) ?? reference
        let keyName = body["key_name"]?.stringValue
        let (flavor, keyPair) = try await parts.database.read { [userID = server.userID] connection in
            (
                try FlavorTable(connection).find(flavorID, for: caller.projectID, isAdmin: caller.isAdmin),
                try keyName.flatMap { try KeyPairTable(connection).find($0, of: userID) }
            )
        }
        guard let flavor, !flavor.isDisabled else {
            throw NovaError(.badRequest, "Flavor \(flavorID) could not be found.")
        }
        server.flavor = flavor
        if let keyName {
            guard let keyPair else { throw NovaError(.badRequest, "Invalid key_name provided.") }
            server.keyName = keyName
            server.keyData = keyPair.publicKey
        }
        return server
    }

    private func image(_ id: ImageID, _ request: APIRequest) async throws -> ImageReference? {
        let caller = try request.caller
        do {
            return try await parts.bus.call(
                DescribeImage(id, project: try request.project, isAdmin: caller.isAdmin),
                to: .topic(DescribeImage.topic), context: request.context)
        } catch let error as NovaError where error.code == .notFound {
            throw NovaError(.badRequest, "Image \(id) could not be found.")
        }
    }

    func checkImage(_ image: ImageReference?, _ flavor: Flavor) throws {
        guard let image else { return }
        guard image.status == "active" else {
            throw NovaError(.badRequest, "Image \(image.id) is not active.")
        }
        guard image.minRAMMB <= flavor.memoryMB else {
            throw NovaError(.badRequest, "Flavor's memory is too small for requested image.")
        }
        guard flavor.rootGB == 0 || image.minDiskGB <= flavor.rootGB else {
            throw NovaError(
                .badRequest,
                "Flavor's disk is too small for requested image. Flavor disk is \(flavor.rootGB << 30) bytes, "
                    + "minimum size is \(image.minDiskGB << 30) bytes.")
        }
    }

    private func apply(_ hints: JSONValue, to server: inout ServerRecord, _ build: inout BuildState) throws {
        guard let object = hints.objectValue, !object.isEmpty else { return }
        server.schedulerHints = hints.text
        for (key, value) in object { build.hints[key] = value.stringValue ?? value.text }
        guard let value = object["group"] else { return }
        let text = value.stringValue ?? value[0]?.stringValue ?? ""
        guard let id = ServerGroupID(text) else {
            throw NovaError(.badRequest, "Instance group \(text) could not be found.")
        }
        server.serverGroupID = id
    }

    /// `personality`: files by path, base64.
    private func files(_ body: JSONValue) throws -> [(path: String, contents: String)] {
        var seen: Set<String> = []
        return try (body["personality"]?.arrayValue ?? []).map { file in
            let path = file["path"]?.stringValue ?? ""
            guard !path.isEmpty, let contents = file["contents"]?.stringValue, seen.insert(path).inserted else {
                throw NovaError(.badRequest, "Bad personality format: each file needs a path of its own and contents.")
            }
            return (path, contents)
        }
    }

    private func answer(_ server: ServerRecord, _ body: JSONValue, _ request: APIRequest) -> APIResponse {
        if body["return_reservation_id"]?.lenientBool == true {
            return .written(202) { writer in writer.object { $0.field("reservation_id", server.reservationID) } }
        }
        let links = Links(request)
        let location = links.selfLink("servers", server.id.description)
        return .written(202, headers: [("Location", location)]) { writer in
            writer.object { writer in
                writer.field(
                    "server",
                    object: { writer in
                        writer.field("id", server.id.description)
                        links.write("servers", server.id.description, to: &writer)
                        writer.field("OS-DCF:diskConfig", server.hasAutoDiskConfig ? "AUTO" : "MANUAL")
                        writer.field(
                            "security_groups",
                            array: { writer in
                                for group in server.securityGroups { writer.object { $0.field("name", group) } }
                            })
                        writer.field("adminPass", body["adminPass"]?.stringValue ?? AdminPassword.random())
                    })
            }
        }
    }
}
