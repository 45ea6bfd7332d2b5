import NovaCore
import NovaRPC
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaSchema
import NovaStore
import NovaWire

/// `POST /servers`: checks everything that can be checked under the user's own rights, then accepts the server and its
/// workflow in one transaction.
struct ServerCreation: Sendable {
    let parts: APIParts

    func callAsFunction(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["server"] ?? .null
        let hints = request.body["os:scheduler_hints"] ?? request.body["OS-SCH-HNT:scheduler_hints"] ?? .null
        let counts = try counts(body)
        var server = try await server(body, request)
        var build = BuildState()
        build.image = try await image(body, request)
        server.imageID = build.image?.id
        try checkImage(build.image, server.flavor)
        for (key, value) in hints.objectValue ?? JSONObject() { build.hints[key] = value.stringValue ?? value.text }
        try place(body, request, &server, &build)
        server.requestedNetworks = try RequestedNetworks.parse(body["networks"], request)
        if !server.requestedNetworks.isEmpty {
            _ = try await parts.bus.call(
                ResolveNetworks(project: server.projectID, server.requestedNetworks), to: .topic(ResolveNetworks.topic),
                context: request.context)
        }
        let accepted = try await accept(server, build, counts, request)
        for workflow in accepted.workflows { parts.wakeConductor(workflow, request.context) }
        return answer(accepted.first, body, request)
    }

    private func counts(_ body: JSONValue) throws -> (minimum: Int64, maximum: Int64) {
        let minimum = body["min_count"]?.lenientInteger ?? 1
        let maximum = body["max_count"]?.lenientInteger ?? minimum
        guard minimum <= maximum else { throw NovaError(.badRequest, "min_count must be <= max_count") }
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
        for (key, value) in body["metadata"]?.objectValue ?? JSONObject() {
            server.metadata[key] = value.stringValue ?? ""
        }
        guard parts.quota.metadataItems < 0 || Int64(server.metadata.count) <= parts.quota.metadataItems else {
            throw NovaError(.overQuota, "Maximum number of metadata items exceeds \(parts.quota.metadataItems)")
        }
        server.tags = body["tags"]?.arrayValue?.compactMap(\.stringValue) ?? []
        server.securityGroups =
            body["security_groups"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? ["default"]
        let reference = body["flavorRef"].map { $0.stringValue ?? $0.text } ?? ""
        let flavorID = reference.split(separator: "/").last.map(String.init) ?? reference
        let keyName = body["key_name"]?.stringValue
        let (flavor, keyPair) = try await parts.database.read { [userID = server.userID] connection in
            (
                try FlavorTable(connection).find(flavorID),
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

    private func image(_ body: JSONValue, _ request: APIRequest) async throws -> ImageReference? {
        let reference = body["imageRef"]?.stringValue ?? ""
        guard let last = reference.split(separator: "/").last else {
            throw NovaError(
                .badRequest,
                "Missing imageRef attribute. Booting from a volume is not served yet: name an image.")
        }
        guard let id = ImageID(last) else { throw NovaError(.badRequest, "Invalid imageRef provided.") }
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

    /// Availability zone, and the host that administrators may name.
    private func place(
        _ body: JSONValue, _ request: APIRequest, _ server: inout ServerRecord, _ build: inout BuildState
    ) throws {
        let isAdmin = try request.caller.isAdmin
        let requestedHost = body["host"]?.stringValue ?? body["hypervisor_hostname"]?.stringValue
        if let zone = body["availability_zone"]?.stringValue {
            let parts = zone.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            server.availabilityZone = parts[0].isEmpty ? nil : parts[0]
            if parts.count > 1 {
                try requireAdmin(isAdmin, "os_compute_api:servers:create:forced_host")
                guard requestedHost == nil else {
                    throw NovaError(
                        .badRequest,
                        "One mechanism with host and/or hypervisor_hostname and another mechanism with "
                            + "zone:host:node are mutually exclusive.")
                }
                build.forcedHost = parts[1].isEmpty ? parts.last : parts[1]
            }
        }
        if let requestedHost {
            try requireAdmin(isAdmin, "compute:servers:create:requested_destination")
            build.forcedHost = requestedHost
        }
    }

    private func requireAdmin(_ isAdmin: Bool, _ rule: String) throws {
        guard isAdmin else { throw NovaError(.forbidden, "Policy doesn't allow \(rule) to be performed.") }
    }

    /// Quota, servers and workflows in one transaction.
    private func accept(
        _ template: ServerRecord, _ build: BuildState, _ counts: (minimum: Int64, maximum: Int64), _ request: APIRequest
    ) async throws -> (first: ServerRecord, workflows: [WorkflowID]) {
        let quota = parts.quota
        let isUnlimited = quota.isUnlimited(try request.caller.projectName)
        let context = request.context
        return try await parts.database.write { connection in
            let table = ServerTable(connection)
            if !isUnlimited {
                try quota.check(
                    adding: counts.minimum, of: template.flavor, to: try table.usage(of: template.projectID))
            }
            let now = Timestamp.now()
            var servers: [ServerRecord] = []
            var workflows: [WorkflowID] = []
            let reservation = "r-" + String(UUID128.random().hex.prefix(8))
            for index in 0..<counts.minimum {
                var server = template
                server.id = .random()
                server.reservationID = reservation
                server.launchIndex = index
                if counts.minimum > 1 {
                    server.name = "\(template.name)-\(index + 1)"
                    server.hostname = "\(template.hostname)-\(index + 1)"
                }
                server.taskState = .scheduling
                server.createdAt = Timestamp(microseconds: now.microseconds + index)
                server.updatedAt = now
                try table.insert(&server)
                var state = build
                state.serverID = server.id
                let workflow = WorkflowRecord(
                    kind: WorkflowKindName.build, server: server.id, context: context, data: state.encoded(), now: now)
                try WorkflowTable(connection).insert(workflow)
                servers.append(server)
                workflows.append(workflow.id)
            }
            guard let first = servers.first else { throw NovaError(.badRequest, "min_count must be at least 1") }
            return (first, workflows)
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
                        writer.field("OS-DCF:diskConfig", "MANUAL")
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
