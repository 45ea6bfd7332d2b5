import Logging
import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP

extension ImageAPI {
    var dataOperations: [Operation] {
        [
            // No rule of their own on the way in: a compute host comes with a grant instead of a token.
            Operation(
                .put, "/v2/images/{image_id}/file", name: "upload_image", streamsBody: true, policy: nil,
                success: 204, summary: "Upload the data", upload),
            Operation(
                .get, "/v2/images/{image_id}/file", name: "download_image", policy: nil,
                summary: "Download the data", download),
            Operation(
                .put, "/v2/images/{image_id}/stage", name: "stage_image", streamsBody: true, policy: nil,
                success: 204, summary: "Upload data that an import will check", stage),
        ]
    }

    private func upload(_ request: APIRequest) async throws -> APIResponse {
        let id = try await uploadTarget(request).id
        let image = try await table.change(id) { try Self.begin($0.status, .saving, &$0) }
        do {
            let announced = request.contentLength.map { Int64($0) }
            let stored = try await transfers.with { [intake] in
                try await intake.receive(image, from: request.bodyStream, announced: announced)
            }
            try await table.activate(id, from: .saving, stored, quota: limits.storage)
        } catch {
            await abandon(id, .saving)
            throw Self.outcome(error)
        }
        return .empty(204)
    }

    private func stage(_ request: APIRequest) async throws -> APIResponse {
        let id = try await uploadTarget(request).id
        let image = try await table.change(id) { try Self.begin($0.status, .uploading, &$0) }
        do {
            let announced = request.contentLength.map { Int64($0) }
            let stored = try await transfers.with { [intake] in
                try await intake.receive(image, from: request.bodyStream, announced: announced, staged: true)
            }
            _ = try await table.change(id) { image in
                guard image.status == .uploading else {
                    throw NovaError(.conflict, "The image is no longer being uploaded.")
                }
                image.size = stored.size
            }
        } catch {
            await abandon(id, .uploading)
            throw Self.outcome(error)
        }
        return .empty(204)
    }

    private static func begin(_ now: ImageStatus, _ next: ImageStatus, _ image: inout ImageRecord) throws {
        guard now == .queued else {
            throw NovaError(
                .conflict, "Image status transition from \(now.rawValue) to \(next.rawValue) is not allowed")
        }
        guard image.diskFormat != nil, image.containerFormat != nil else {
            throw NovaError(.badRequest, "Properties disk_format, container_format must be set prior to saving data.")
        }
        image.status = next
    }

    /// What the client is told when its upload has failed.
    private static func outcome(_ error: any Error) -> any Error {
        guard let error = error as? NovaError, error.code == .notFound else { return error }
        return NovaError(.gone, "The image was deleted during the upload.")
    }

    /// The image that a request with data is for, when the grant or the token lets it be written.
    private func uploadTarget(_ request: APIRequest) async throws -> ImageRecord {
        let type = (request.header("Content-Type") ?? "").prefix { $0 != ";" }
        guard type == "application/octet-stream" else {
            throw NovaError(.unsupportedMedia, "Image data is sent as application/octet-stream.")
        }
        if let grant = request.header("X-Nova-Grant") {
            let id = try imageID(request)
            _ = try await grants.check(grant, image: id, access: .write)
            guard let image = try await table.find(id), image.status != .deleted else { throw Self.missing(id) }
            return image
        }
        let caller = try await request.authenticated()
        let image = try await visibleImage(request, caller: caller)
        guard caller.isAdmin || (mayChange(image, caller) && caller.roles.contains("member")) else {
            throw NovaError(.forbidden, "Policy doesn't allow upload_image to be performed.")
        }
        return image
    }

    /// Undoes an upload: the image is queued again, or gone if it was deleted meanwhile.
    private func abandon(_ id: ImageID, _ status: ImageStatus) async {
        // The client is gone, perhaps; what it left must be cleaned up whether or not its task was cancelled.
        await Task {
            await files.remove(id)
            do {
                _ = try await table.change(id) { if $0.status == status { $0.status = .queued } }
            } catch let error as NovaError where error.code == .notFound {
                log.debug("the image was deleted during its upload", metadata: ["image": "\(id)"])
            } catch {
                log.error(
                    "an image stays as it is until the next start", metadata: ["image": "\(id)", "error": "\(error)"])
            }
        }.value
    }

    private func download(_ request: APIRequest) async throws -> APIResponse {
        let image = try await readableImage(request)
        switch image.status {
        case .queued, .saving, .uploading, .importing, .deleted: return .empty(204)
        case .active, .deactivated: break
        }
        let (file, size) = try await files.open(image.id)
        var headers: [(String, String)] = [("Accept-Ranges", "bytes")]
        if let checksum = image.checksum { headers.append(("Content-MD5", checksum)) }
        let range = try ByteRange(request.header("Range"), size: size)
        if range.isPart { headers.append(("Content-Range", "bytes \(range.start)-\(range.end - 1)/\(size)")) }
        return .stream(
            range.isPart ? 206 : 200, contentType: "application/octet-stream", length: Int(range.end - range.start),
            headers: headers
        ) { [transfers] write in
            try await Self.send(file, range, gate: transfers, write)
        }
    }

    private static func send(
        _ file: ImageFile, _ range: ByteRange, gate: AsyncGate, _ write: ([UInt8]) async throws -> Void
    ) async throws {
        var offset = range.start
        while offset < range.end {
            let count = Int(min(Int64(ImageFileStore.chunk), range.end - offset))
            let place = offset
            let chunk = try await gate.with {
                try await withTaskExecutorPreference(BlockingThreads.shared) { try await read(file, place, count) }
            }
            guard !chunk.isEmpty else {
                throw NovaError(.internal, "The image's file is too short.", details: file.path)
            }
            try await write(chunk)
            offset += Int64(chunk.count)
        }
    }

    // Nonisolated and asynchronous, so that it runs on the preferred executor.
    private static func read(_ file: ImageFile, _ offset: Int64, _ count: Int) async throws -> [UInt8] {
        try file.bytes(at: offset, count: count)
    }

    /// The image in the path, when the grant or the token lets its data be read.
    private func readableImage(_ request: APIRequest) async throws -> ImageRecord {
        if let text = request.header("X-Nova-Grant") {
            let id = try imageID(request)
            let grant = try await grants.check(text, image: id, access: .read)
            guard let image = try await table.find(id), image.status != .deleted else { throw Self.missing(id) }
            if !grant.checksum.isEmpty, let sha512 = image.sha512, grant.checksum != "sha512:\(sha512)" {
                throw NovaError(.conflict, "The image has other data than was granted.")
            }
            return image
        }
        let caller = try await request.authenticated()
        let image = try await visibleImage(request, caller: caller)
        guard caller.isAdmin || caller.roles.contains("reader") || caller.roles.contains("member") else {
            throw NovaError(.forbidden, "Policy doesn't allow download_image to be performed.")
        }
        guard image.status != .deactivated || caller.isAdmin else {
            throw NovaError(.forbidden, "The requested image has been deactivated. Image data download is forbidden.")
        }
        return image
    }
}
