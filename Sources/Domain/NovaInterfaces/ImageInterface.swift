public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// What the image service answers besides its REST API.
///
/// See `proto-spec/rpc/image.md`.
public enum ImageInterface: RPCInterface {
    public static let topic = "image"
    public static let methods: [any RPCMethod.Type] = [
        DescribeImage.self, AddSnapshotImage.self, DiscardImage.self, RotateBackups.self,
    ]
}

/// What an image is, seen by a project.
///
/// - Throws: ``NovaError`` `notFound` when there is none that the project may see.
public struct DescribeImage: RPCMethod, Equatable {
    public typealias Response = ImageReference
    public static let topic = "image"
    public static let name = "describe"
    public static let number: UInt16 = 1
    public static let isIdempotent = true

    public var imageID = ImageID.none
    public var projectID = ProjectID("")
    public var isAdmin = false

    public init() {}
    public init(_ imageID: ImageID, project: ProjectID, isAdmin: Bool) {
        self.imageID = imageID
        projectID = project
        self.isAdmin = isAdmin
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("image_id", &imageID)
        visitor.visit("project_id", &projectID)
        visitor.visit("is_admin", &isAdmin)
    }
}
