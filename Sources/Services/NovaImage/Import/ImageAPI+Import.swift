import NovaCore
import NovaHTTP
import NovaSchema

extension ImageAPI {
    var importOperations: [Operation] {
        [
            Operation(
                .post, "/v2/images/{image_id}/import", name: "import_image", body: [BodySchema(.anyObject)],
                policy: Self.member, success: 202, summary: "Make staged or fetched data the image's own", importImage),
            Operation(
                .get, "/v2/images/{image_id}/tasks", name: "get_image_tasks", policy: Self.reader,
                summary: "List an image's tasks", imageTasks),
        ]
    }

    var taskOperations: [Operation] {
        [
            Operation(
                .get, "/v2/tasks", name: "get_tasks", policy: "role:admin", summary: "List tasks", listTasks),
            Operation(
                .post, "/v2/tasks", name: "add_task", body: [BodySchema(.anyObject)], policy: "role:admin",
                success: 201, summary: "Create an image by a task", createTask),
            Operation(.get, "/v2/tasks/{task_id}", name: "get_task", policy: "role:admin", summary: "Show a task") {
                let text = try $0.parameter("task_id")
                guard let id = UUID128(text), let task = try await table.task(id) else {
                    throw NovaError(.notFound, "No task found with ID \(text)")
                }
                return .written { task.write(to: &$0) }
            },
        ]
    }

    private func importImage(_ request: APIRequest) async throws -> APIResponse {
        let image = try await ownImage(request)
        guard let method = request.body["method"]?.objectValue, let name = method["name"]?.stringValue else {
            throw NovaError(.badRequest, "Import request requires a 'name' field in its 'method'.")
        }
        guard imports.methods.contains(name) else {
            throw NovaError(.badRequest, "Unknown import method name '\(name)'.")
        }
        try checkStores(request)
        var task = newTask(request, image.id)
        task.method = name
        if name == "web-download" {
            guard let uri = method["uri"]?.stringValue, !uri.isEmpty else {
                throw NovaError(.badRequest, "URI is required if using 'web-download' import method.")
            }
            _ = try imports.filter.target(uri)
            task.uri = uri
        }
        task.input = JSONValue.object(["image_id": .string("\(image.id)"), "import_req": request.body]).text
        try await imports.accept(task)
        return .empty(202)
    }

    private func newTask(_ request: APIRequest, _ image: ImageID) -> ImportTask {
        var task = ImportTask()
        task.imageID = image
        task.owner = request.context.projectID
        task.userID = request.context.userID
        task.requestID = request.context.requestID
        task.createdAt = .now()
        task.updatedAt = task.createdAt
        // Long enough for whatever waits; when the task ends it gets its own.
        task.expiresAt = task.createdAt.adding(seconds: 365 * 24 * 3600)
        return task
    }

    /// There is one store; who names stores must name this one.
    private func checkStores(_ request: APIRequest) throws {
        var stores = request.body["stores"]?.arrayValue ?? []
        if let header = request.header("X-Image-Meta-Store") { stores.append(.string(header)) }
        if request.body["all_stores"]?.boolValue == true, !stores.isEmpty {
            throw NovaError(.badRequest, "'all_stores' must not be set with 'stores' or 'x-image-meta-store'.")
        }
        for store in stores where store.stringValue != ImageFileStore.name {
            throw APIFault(409, "Image store '\(store.stringValue ?? "")' does not exist.")
        }
    }

    private func imageTasks(_ request: APIRequest) async throws -> APIResponse {
        let image = try await visibleImage(request, caller: try request.caller)
        let tasks = mayChange(image, try request.caller) ? try await table.tasks(of: image.id) : []
        return .written { json in
            json.object { $0.field("tasks", array: { json in for task in tasks { task.write(to: &json) } }) }
        }
    }

    private func listTasks(_ request: APIRequest) async throws -> APIResponse {
        let limit = try request.pageLimit(maximum: 1000, fallback: 25)
        let marker = try request.query("marker").map { text in
            guard let id = UUID128(text) else { throw NovaError(.badRequest, "Invalid marker format") }
            return id
        }
        var tasks = try await table.tasks(
            type: request.query("type"), status: request.query("status"), behind: marker, limit: limit + 1)
        let hasMore = tasks.count > limit
        if hasMore { tasks.removeLast() }
        return .written { json in
            json.object { json in
                json.field("tasks", array: { json in for task in tasks { task.write(to: &json, whole: false) } })
                json.field("first", "/v2/tasks")
                if hasMore, let last = tasks.last {
                    json.field("next", "/v2/tasks?limit=\(limit)&marker=\(last.id)")
                }
                json.field("schema", "/v2/schemas/tasks")
            }
        }
    }

    /// The older way to import: an image and its import in one request.
    private func createTask(_ request: APIRequest) async throws -> APIResponse {
        guard request.body["type"]?.stringValue == "import" else {
            throw NovaError(.badRequest, "Only tasks of the type import are there.")
        }
        guard let input = request.body["input"]?.objectValue, let uri = input["import_from"]?.stringValue,
            let properties = input["image_properties"]?.objectValue
        else { throw NovaError(.badRequest, "The input must have 'import_from' and 'image_properties'.") }
        guard imports.methods.contains("web-download") else {
            throw NovaError(.forbidden, "Images cannot be fetched from other servers here.")
        }
        _ = try imports.filter.target(uri)
        var image = ImageRecord()
        image.id = .random()
        image.owner = try request.caller.projectID ?? ProjectID("")
        image.createdAt = .now()
        image.updatedAt = image.createdAt
        var attributes = ImageAttributes(request: request, limits: limits, image: image)
        if let format = input["import_from_format"] { try attributes.set("disk_format", format) }
        for (name, value) in properties { try attributes.set(name, value) }
        var task = newTask(request, image.id)
        task.type = "import"
        task.method = "web-download"
        task.uri = uri
        task.input = JSONValue.object(input).text
        try await table.add(attributes.image)
        do {
            try await imports.accept(task)
        } catch {
            // Nobody knows the image yet.
            try await table.delete(image.id)
            throw error
        }
        return .written(201, headers: [("Location", "\(request.baseURL)/v2/tasks/\(task.id)")]) { task.write(to: &$0) }
    }
}
