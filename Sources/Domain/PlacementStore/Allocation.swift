public import NovaCore

/// What one consumer uses of one class of one provider.
public struct Allocation: Sendable, Equatable {
    public let consumer: ServerID
    public let providerID: ProviderID
    public let resourceClass: String
    public let used: Int64

    public init(consumer: ServerID, providerID: ProviderID, resourceClass: String, used: Int64) {
        self.consumer = consumer
        self.providerID = providerID
        self.resourceClass = resourceClass
        self.used = used
    }
}

/// Whose a consumer is.
public struct Consumer: Sendable, Equatable {
    public let id: ServerID
    public let projectID: ProjectID
    public let userID: UserID
    public let generation: Int64

    public init(id: ServerID, projectID: ProjectID, userID: UserID, generation: Int64) {
        self.id = id
        self.projectID = projectID
        self.userID = userID
        self.generation = generation
    }
}
