public import NovaDatabase

/// The schema of the network service's own database.
public enum NetworkSchema {
    /// Writers take turns: a new subnet must overlap with none of the others.
    public static var current: DatabaseSchema {
        DatabaseSchema(
            name: "network", whole: PackageResources.whole_sql,
            migrations: [
                Migration(number: 1, name: "initial", sql: PackageResources._001_initial_sql),
                Migration(number: 2, name: "port-tags", sql: PackageResources._002_port_tags_sql),
            ], writersTakeTurns: true)
    }
}
