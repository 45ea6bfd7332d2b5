public import NovaDatabase

/// The schema of the network service's own database.
public enum NetworkSchema {
    /// Writers take turns: a new subnet must overlap with none of the others.
    public static var current: DatabaseSchema {
        DatabaseSchema(name: "network", whole: PackageResources.whole_sql, writersTakeTurns: true)
    }
}
