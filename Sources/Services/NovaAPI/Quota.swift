import NovaConfig
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaStore

/// What a project, a user or a request may use (`spec/data-model.md`, "Quotas").
enum QuotaResource: String, CaseIterable, Sendable {
    case cores
    case fixedIPs = "fixed_ips"
    case floatingIPs = "floating_ips"
    case injectedFileContentBytes = "injected_file_content_bytes"
    case injectedFilePathBytes = "injected_file_path_bytes"
    case injectedFiles = "injected_files"
    case instances
    case keyPairs = "key_pairs"
    case metadataItems = "metadata_items"
    case ram
    case securityGroups = "security_groups"
    case securityGroupRules = "security_group_rules"
    case serverGroups = "server_groups"
    case serverGroupMembers = "server_group_members"

    /// Those of the network service, shown before 2.36.
    var isOfNetwork: Bool {
        switch self {
        case .fixedIPs, .floatingIPs, .securityGroups, .securityGroupRules: true
        default: false
        }
    }

    /// Those of files put into servers, shown before 2.57.
    var isOfFiles: Bool {
        switch self {
        case .injectedFiles, .injectedFileContentBytes, .injectedFilePathBytes: true
        default: false
        }
    }

    /// Those of `os-quota-sets` in a microversion.
    static func ofQuotaSets(_ minor: Int) -> [QuotaResource] {
        allCases.filter { !($0.isOfNetwork && minor >= 36) && !($0.isOfFiles && minor >= 57) }
    }
}

/// The limits that hold for a project or user; -1 is no limit.
struct QuotaLimits: Sendable {
    private var values: [QuotaResource: Int64]

    init(_ values: [QuotaResource: Int64]) { self.values = values }

    subscript(_ resource: QuotaResource) -> Int64 {
        get { values[resource] ?? -1 }
        set { values[resource] = newValue }
    }

    /// Whether so many of a resource are within the limit.
    func allows(_ count: Int64, of resource: QuotaResource) -> Bool {
        self[resource] < 0 || count <= self[resource]
    }

    /// Checks a number of metadata items of one server.
    func checkMetadata(_ count: Int) throws {
        guard allows(Int64(count), of: .metadataItems) else {
            throw NovaError(.overQuota, "Maximum number of metadata items exceeds \(self[.metadataItems])")
        }
    }

    mutating func override(by limits: [String: Int64]) {
        for (name, limit) in limits { if let resource = QuotaResource(rawValue: name) { values[resource] = limit } }
    }
}

/// What holds for a project and for one user in it.
struct ProjectLimits: Sendable {
    let project: QuotaLimits
    /// Nil when the project's limits are all that the user has.
    var ownOfUser: QuotaLimits?

    /// What holds for the user.
    var user: QuotaLimits { ownOfUser ?? project }
}

/// What projects may use: configuration, then the quota class "default", then what operators set for a project or user.
///
/// Usage is a query, never a stored counter.
struct Quota: Sendable {
    /// The class that holds for all.
    static let defaultClass = "default"

    /// By configuration.
    private let configured: QuotaLimits
    private let unlimitedProjects: Set<String>

    init(_ config: Configuration) {
        configured = QuotaLimits([
            .instances: Int64(config[APIOptions.quotaInstances]), .cores: Int64(config[APIOptions.quotaCores]),
            .ram: Int64(config[APIOptions.quotaRAM]), .keyPairs: Int64(config[APIOptions.quotaKeyPairs]),
            .metadataItems: Int64(config[APIOptions.quotaMetadata]),
            .injectedFiles: Int64(config[APIOptions.quotaFiles]),
            .injectedFileContentBytes: Int64(config[APIOptions.quotaFileContent]),
            .injectedFilePathBytes: Int64(config[APIOptions.quotaFilePath]),
            .serverGroups: Int64(config[APIOptions.quotaServerGroups]),
            .serverGroupMembers: Int64(config[APIOptions.quotaServerGroupMembers]),
        ])
        unlimitedProjects = Set(config[APIOptions.unlimitedProjects])
    }

    /// Whether a project of this name has no limits on servers.
    func isUnlimited(_ projectName: String) -> Bool { unlimitedProjects.contains(projectName) }

    /// The limits of a class.
    func limits(ofClass name: String, _ connection: Connection) throws -> QuotaLimits {
        var limits = configured
        limits.override(by: try QuotaTable(connection).limits(of: .quotaClass(name)))
        return limits
    }

    /// The limits of a project, or of one user in it.
    func limits(of project: ProjectID, user: UserID? = nil, _ connection: Connection) throws -> QuotaLimits {
        try allLimits(of: project, user: user, connection).user
    }

    /// The limits of a project and of one user in it.
    func allLimits(of project: ProjectID, user: UserID?, _ connection: Connection) throws -> ProjectLimits {
        let userScope = user.map { QuotaTable.Scope.user($0, in: project) }
        let scopes = [.quotaClass(Self.defaultClass), .project(project)] + (userScope.map { [$0] } ?? [])
        let set = try QuotaTable(connection).limits(of: scopes)
        var limits = configured
        for scope in scopes.prefix(2) { limits.override(by: set[scope] ?? [:]) }
        var result = ProjectLimits(project: limits)
        if let own = userScope.flatMap({ set[$0] }) {
            limits.override(by: own)
            result.ownOfUser = limits
        }
        return result
    }

    /// How many of some wanted servers fit beside what the project and the user have: as many as possible.
    ///
    /// - Throws: `overQuota`, in Nova's words, naming every resource that is short, when fewer than the least fit.
    static func fitting(
        _ counts: (minimum: Int64, maximum: Int64), _ server: ServerRecord, _ limits: ProjectLimits,
        _ connection: Connection
    ) throws -> Int64 {
        let table = ServerTable(connection)
        let project = Need(server.flavor, limits.project, try table.usage(of: server.projectID))
        var needs = [project]
        if let own = limits.ownOfUser {
            needs.append(Need(server.flavor, own, try table.usage(of: server.projectID, user: server.userID)))
        }
        let count = needs.reduce(counts.maximum) { min($0, $1.fitting($0)) }
        guard count >= counts.minimum else {
            throw (needs.first { $0.fitting(counts.minimum) < counts.minimum } ?? project).error(counts.minimum)
        }
        return count
    }

    /// Checks what a server needs more of with another flavor; no two requests count alike.
    ///
    /// - Throws: `overQuota`, in Nova's words, naming every resource that is short.
    static func checkGrowth(
        of server: ServerRecord, to flavor: Flavor, _ limits: ProjectLimits, _ connection: Connection
    ) throws {
        var growth = Flavor()
        growth.vcpus = max(0, flavor.vcpus &- server.flavor.vcpus)
        growth.memoryMB = max(0, flavor.memoryMB &- server.flavor.memoryMB)
        let table = ServerTable(connection)
        try table.takeTurn()
        var needs = [Need(growth, limits.project, try table.usage(of: server.projectID), servers: 0)]
        if let own = limits.ownOfUser {
            needs.append(
                Need(growth, own, try table.usage(of: server.projectID, user: server.userID), servers: 0))
        }
        if let short = needs.first(where: { $0.fitting(1) < 1 }) { throw short.error(1) }
    }

    /// What servers of a flavor need beside what is used.
    private struct Need {
        let parts: [(name: String, each: Int64, used: Int64, limit: Int64)]

        init(
            _ flavor: Flavor, _ limits: QuotaLimits, _ usage: (servers: Int64, cores: Int64, memoryMB: Int64),
            servers: Int64 = 1
        ) {
            parts = [
                ("cores", flavor.vcpus, usage.cores, limits[.cores]),
                ("instances", servers, usage.servers, limits[.instances]),
                ("ram", flavor.memoryMB, usage.memoryMB, limits[.ram]),
            ]
        }

        /// How many servers fit, at most so many.
        func fitting(_ most: Int64) -> Int64 {
            parts.filter { $0.limit >= 0 && $0.each > 0 }.reduce(most) {
                min($0, max(0, ($1.limit &- $1.used) / $1.each))
            }
        }

        func error(_ count: Int64) -> NovaError {
            let short = parts.filter { $0.limit >= 0 && $0.each > 0 && ($0.each &* count) &+ $0.used > $0.limit }
            func list(_ values: [Int64]) -> String { values.map(String.init).joined(separator: ", ") }
            let names = short.map(\.name).joined(separator: ", ")
            return NovaError(
                .overQuota,
                "Quota exceeded for \(names): Requested \(list(short.map { $0.each &* count })), but already used "
                    + "\(list(short.map(\.used))) of \(list(short.map(\.limit))) \(names)")
        }
    }

    /// Checks a number of metadata items of one server.
    func checkMetadata(_ count: Int, of project: ProjectID, _ connection: Connection) throws {
        try limits(of: project, connection).checkMetadata(count)
    }
}
