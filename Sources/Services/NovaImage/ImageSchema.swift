public import NovaDatabase

/// The schema of the image service's own database.
public enum ImageSchema {
    public static var current: DatabaseSchema { DatabaseSchema(name: "image", whole: PackageResources.whole_sql) }
}
