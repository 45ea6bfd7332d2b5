public import NovaDatabase

/// The schema of placement's own database.
public enum PlacementSchema {
    /// Version 1; later ones add numbered files in `Schema/` and a line here, oldest first.
    ///
    /// Writers take turns: every change writes the one change number.
    public static var current: DatabaseSchema {
        DatabaseSchema(name: "placement", whole: PackageResources.whole_sql, writersTakeTurns: true)
    }
}
