public import NovaDatabase

/// The schema of the image service's own database.
public enum ImageSchema {
    /// Writers take turns: a quota rests on the sum of an owner's images.
    public static var current: DatabaseSchema {
        DatabaseSchema(
            name: "image", whole: PackageResources.whole_sql,
            migrations: [
                Migration(number: 1, name: "initial", sql: PackageResources._001_initial_sql),
                Migration(number: 2, name: "members-tasks", sql: PackageResources._002_members_tasks_sql),
            ], writersTakeTurns: true)
    }
}
