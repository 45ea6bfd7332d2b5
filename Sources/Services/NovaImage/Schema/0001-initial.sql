-- Images and what is known of their files. Times are UTC microseconds.
CREATE TABLE images (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT,
    status TEXT NOT NULL,
    visibility TEXT NOT NULL,
    owner TEXT NOT NULL,
    disk_format TEXT,
    container_format TEXT,
    size INTEGER,
    checksum TEXT,
    sha512 TEXT,
    min_disk INTEGER NOT NULL,
    min_ram INTEGER NOT NULL,
    protected INTEGER NOT NULL,
    os_hidden INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    tags BLOB NOT NULL,
    properties BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX images_by_owner ON images (owner, created_at);
CREATE INDEX images_by_time ON images (created_at, id);
CREATE INDEX images_by_name ON images (name);
