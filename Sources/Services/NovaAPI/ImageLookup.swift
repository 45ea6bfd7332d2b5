import NovaCore
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC

extension APIParts {
    /// An image as the caller sees it; nil when there is none that the caller may see.
    func image(_ id: ImageID, _ request: APIRequest) async throws -> ImageReference? {
        let caller = try request.caller
        do {
            return try await bus.call(
                DescribeImage(id, project: try request.project, isAdmin: caller.isAdmin),
                to: .topic(DescribeImage.topic), context: request.context)
        } catch let error as NovaError where error.code == .notFound {
            return nil
        }
    }
}
