-- Who an image is shared with, the tasks of imports, and the size of the disk that an image holds.
ALTER TABLE images ADD COLUMN virtual_size INTEGER;
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
