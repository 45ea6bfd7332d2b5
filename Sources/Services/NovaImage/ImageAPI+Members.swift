import NovaCore
import NovaHTTP
import NovaSchema

extension ImageAPI {
    var memberOperations: [Operation] {
        let member = "/v2/images/{image_id}/members/{member_id}"
        return [
            Operation(
                .get, "/v2/images/{image_id}/members", name: "get_members", policy: Self.reader,
                summary: "List the projects that an image is shared with", listMembers),
            Operation(
                .post, "/v2/images/{image_id}/members", name: "add_member", body: [BodySchema(.anyObject)],
                policy: Self.member, summary: "Share an image with a project", addMember),
            Operation(
                .get, member, name: "get_member", policy: Self.reader, summary: "Show a member of an image", showMember),
            Operation(
                .put, member, name: "modify_member", body: [BodySchema(.anyObject)], policy: Self.member,
                summary: "Accept or reject an image", setMember),
            Operation(
                .delete, member, name: "delete_member", policy: Self.member, success: 204,
                summary: "Stop sharing an image with a project", removeMember),
        ]
    }

    /// The image in the path, which the caller may see and which may have members.
    private func sharedImage(_ request: APIRequest) async throws -> ImageRecord {
        let image = try await visibleImage(request, caller: try request.caller)
        guard image.visibility == .shared else {
            throw NovaError(.forbidden, "Only shared images have members.")
        }
        return image
    }

    /// The members that the caller may know of: the owner all, a member itself.
    private func knownMembers(of image: ImageRecord, _ request: APIRequest) async throws -> [ImageMember] {
        let caller = try request.caller
        let members = try await table.members(of: image.id)
        return mayChange(image, caller) ? members : members.filter { $0.member == caller.projectID }
    }

    private func projectInPath(_ request: APIRequest) throws -> ProjectID {
        let text = try request.parameter("member_id")
        guard let project = ProjectID(validating: text) else { throw Self.noMember(text) }
        return project
    }

    private static func noMember(_ project: some CustomStringConvertible) -> NovaError {
        NovaError(.notFound, "\(project) not found in the member list of the image.")
    }

    private func answer(_ member: ImageMember) -> APIResponse { .written { member.write(to: &$0) } }

    private func listMembers(_ request: APIRequest) async throws -> APIResponse {
        let members = try await knownMembers(of: try await sharedImage(request), request)
        return .written { json in
            json.object { json in
                json.field("members", array: { json in for member in members { member.write(to: &json) } })
                json.field("schema", "/v2/schemas/members")
            }
        }
    }

    private func showMember(_ request: APIRequest) async throws -> APIResponse {
        let image = try await visibleImage(request, caller: try request.caller)
        let project = try projectInPath(request)
        guard image.visibility == .shared,
            let member = try await knownMembers(of: image, request).first(where: { $0.member == project })
        else { throw Self.noMember(project) }
        return answer(member)
    }

    private func addMember(_ request: APIRequest) async throws -> APIResponse {
        guard let value = request.body["member"] else {
            throw NovaError(.badRequest, "Member to be added not specified")
        }
        guard let text = value.stringValue, !text.isEmpty else {
            throw NovaError(.badRequest, "Member can't be empty")
        }
        guard let project = ProjectID(validating: text) else {
            throw NovaError(.badRequest, "A member is the id of a project, of up to 64 characters.")
        }
        let image = try await sharedImage(request)
        guard mayChange(image, try request.caller) else {
            throw NovaError(.forbidden, "Not allowed to create members for image \(image.id).")
        }
        return answer(try await table.addMember(project, to: image.id, limit: limits.members))
    }

    private func setMember(_ request: APIRequest) async throws -> APIResponse {
        guard let value = request.body["status"] else { throw NovaError(.badRequest, "Status not specified") }
        let image = try await sharedImage(request)
        let project = try projectInPath(request)
        guard try await knownMembers(of: image, request).contains(where: { $0.member == project }) else {
            throw Self.noMember(project)
        }
        let caller = try request.caller
        guard caller.isAdmin || caller.projectID == project else {
            throw NovaError(.forbidden, "Not allowed to update members for image \(image.id).")
        }
        guard let status = value.stringValue.flatMap(MemberStatus.init(rawValue:)) else {
            throw NovaError(
                .badRequest, "Incorrect request: status must be one of pending, accepted, rejected")
        }
        guard let member = try await table.setMember(project, of: image.id, to: status) else {
            throw Self.noMember(project)
        }
        return answer(member)
    }

    private func removeMember(_ request: APIRequest) async throws -> APIResponse {
        let image = try await sharedImage(request)
        let project = try projectInPath(request)
        guard try await knownMembers(of: image, request).contains(where: { $0.member == project }) else {
            throw Self.noMember(project)
        }
        guard mayChange(image, try request.caller) else {
            throw NovaError(.forbidden, "Not allowed to delete members for image \(image.id).")
        }
        guard try await table.removeMember(project, of: image.id) else { throw Self.noMember(project) }
        return .empty(204)
    }
}
