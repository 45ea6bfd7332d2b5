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
    properties BLOB NOT NULL,
    virtual_size INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX images_by_owner ON images (owner, created_at);
CREATE INDEX images_by_time ON images (created_at, id);
CREATE INDEX images_by_name ON images (name);
CREATE TABLE image_members (
    image_id TEXT NOT NULL,
    member TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (image_id, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_members_by_member ON image_members (member, status);
CREATE TABLE image_tasks (
    id TEXT NOT NULL PRIMARY KEY,
    image_id TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    owner TEXT NOT NULL,
    user_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    method TEXT NOT NULL,
    uri TEXT NOT NULL,
    input TEXT NOT NULL,
    message TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX image_tasks_by_image ON image_tasks (image_id, created_at);
CREATE INDEX image_tasks_by_time ON image_tasks (created_at, id);
