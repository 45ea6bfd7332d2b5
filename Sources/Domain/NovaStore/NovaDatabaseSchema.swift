public import NovaDatabase

/// The schema of the nova database.
public enum NovaDatabaseSchema {
    /// The whole schema, and the migrations that lead to it; a test proves that both agree.
    ///
    /// To change it: edit `whole.sql`, add `NNNN-what.sql`, and append one line here.
    public static var schema: DatabaseSchema {
        DatabaseSchema(
            name: "nova",
            whole: String(decoding: PackageResources.whole_sql, as: UTF8.self),
            migrations: [
                Migration(
                    number: 1, name: "initial", sql: String(decoding: PackageResources._001_initial_sql, as: UTF8.self)),
                Migration(
                    number: 2, name: "owed-cleanups",
                    sql: String(decoding: PackageResources._002_owed_cleanups_sql, as: UTF8.self)),
                Migration(
                    number: 3, name: "audit", sql: String(decoding: PackageResources._003_audit_sql, as: UTF8.self)),
                Migration(
                    number: 4, name: "compute-api",
                    sql: String(decoding: PackageResources._004_compute_api_sql, as: UTF8.self)),
                Migration(
                    number: 5, name: "server-sizes",
                    sql: String(decoding: PackageResources._005_server_sizes_sql, as: UTF8.self)),
                Migration(
                    number: 6, name: "soft-deleted-servers",
                    sql: String(decoding: PackageResources._006_soft_deleted_servers_sql, as: UTF8.self)),
                Migration(
                    number: 7, name: "moves", sql: String(decoding: PackageResources._007_moves_sql, as: UTF8.self)),
                Migration(
                    number: 8, name: "live-migrations",
                    sql: String(decoding: PackageResources._008_live_migrations_sql, as: UTF8.self)),
                Migration(
                    number: 9, name: "drains", sql: String(decoding: PackageResources._009_drains_sql, as: UTF8.self)),
                Migration(
                    number: 10, name: "local-disks",
                    sql: String(decoding: PackageResources._010_local_disks_sql, as: UTF8.self)),
                Migration(
                    number: 11, name: "rows-in-order",
                    sql: String(decoding: PackageResources._011_rows_in_order_sql, as: UTF8.self)),
            ])
    }
}
