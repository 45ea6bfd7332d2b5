/// What an identifier names.
///
/// One empty type per kind, so that a port's id never fits where a server's belongs.
public protocol IdentifierKind: Sendable {
    /// The word users know the kind by, for messages.
    ///
    /// "server", "port".
    static var word: String { get }
}

/// A 16-byte identifier of one kind of thing.
public struct Identifier<Kind: IdentifierKind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var uuid: UUID128

    public init(_ uuid: UUID128) { self.uuid = uuid }

    /// Parses a UUID with or without hyphens; nil for other text.
    public init?(_ text: String) {
        guard let uuid = UUID128(text) else { return nil }
        self.uuid = uuid
    }

    /// Parses a part of a text.
    public init?(_ text: Substring) { self.init(String(text)) }

    /// A new random identifier.
    public static func random() -> Self { Self(UUID128.random()) }

    /// A new identifier that sorts by its time, for keys of tables that grow for ever; it tells the time.
    public static func timeOrdered(at time: Timestamp) -> Self { Self(UUID128.timeOrdered(at: time)) }

    /// The all-zero identifier: a default for records, never a real thing.
    public static var none: Self { Self(UUID128(high: 0, low: 0)) }

    public static func < (a: Self, b: Self) -> Bool { a.uuid < b.uuid }
    public var description: String { uuid.description }
}

/// An opaque identifier of up to 64 characters: what Keystone allows for users, projects, domains and roles.
public struct OpaqueIdentifier<Kind: IdentifierKind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var text: String

    /// Wraps text as it is; use ``init(validating:)`` for text from outside.
    public init(_ text: String) { self.text = text }

    /// The identifier when the text has 1 to 64 printable ASCII characters without "/", else nil.
    public init?(validating text: String) {
        guard (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") })
        else { return nil }
        self.text = text
    }

    /// A new random identifier: 32 hex digits, as Keystone makes them.
    public static func random() -> Self { Self(UUID128.random().hex) }

    public static func < (a: Self, b: Self) -> Bool { a.text < b.text }
    public var description: String { text }
}

public enum ServerKind: IdentifierKind { public static let word = "server" }
public enum ImageKind: IdentifierKind { public static let word = "image" }
public enum NetworkKind: IdentifierKind { public static let word = "network" }
public enum SubnetKind: IdentifierKind { public static let word = "subnet" }
public enum PortKind: IdentifierKind { public static let word = "port" }
public enum ProviderKind: IdentifierKind { public static let word = "resource provider" }
public enum WorkflowKind: IdentifierKind { public static let word = "workflow" }
public enum ServiceKind: IdentifierKind { public static let word = "service" }
public enum AggregateKind: IdentifierKind { public static let word = "aggregate" }
public enum ServerGroupKind: IdentifierKind { public static let word = "server group" }
public enum SecurityGroupKind: IdentifierKind { public static let word = "security group" }
public enum MigrationKind: IdentifierKind { public static let word = "migration" }
public enum DrainKind: IdentifierKind { public static let word = "drain" }
public enum CloudKind: IdentifierKind { public static let word = "cloud" }
public enum UserKind: IdentifierKind { public static let word = "user" }
public enum ProjectKind: IdentifierKind { public static let word = "project" }
public enum DomainKind: IdentifierKind { public static let word = "domain" }
public enum RoleKind: IdentifierKind { public static let word = "role" }

public typealias ServerID = Identifier<ServerKind>
public typealias ImageID = Identifier<ImageKind>
public typealias NetworkID = Identifier<NetworkKind>
public typealias SubnetID = Identifier<SubnetKind>
public typealias PortID = Identifier<PortKind>
/// A compute node and its resource provider in placement have the same id.
public typealias ProviderID = Identifier<ProviderKind>
public typealias WorkflowID = Identifier<WorkflowKind>
public typealias AggregateID = Identifier<AggregateKind>
public typealias ServerGroupID = Identifier<ServerGroupKind>
public typealias SecurityGroupID = Identifier<SecurityGroupKind>
public typealias MigrationID = Identifier<MigrationKind>
public typealias ServiceID = Identifier<ServiceKind>
public typealias DrainID = Identifier<DrainKind>
/// Marks everything that one cloud makes on a host.
public typealias CloudID = Identifier<CloudKind>
public typealias UserID = OpaqueIdentifier<UserKind>
public typealias ProjectID = OpaqueIdentifier<ProjectKind>
public typealias DomainID = OpaqueIdentifier<DomainKind>
public typealias RoleID = OpaqueIdentifier<RoleKind>
