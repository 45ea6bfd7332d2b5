-- What the Compute API keeps beside servers and flavors.
ALTER TABLE servers ADD COLUMN locked_by TEXT;
ALTER TABLE servers ADD COLUMN locked_reason TEXT;
ALTER TABLE servers ADD COLUMN access_ip_v4 TEXT;
ALTER TABLE servers ADD COLUMN access_ip_v6 TEXT;
ALTER TABLE servers ADD COLUMN auto_disk_config INTEGER NOT NULL DEFAULT 0;
ALTER TABLE servers ADD COLUMN scheduler_hints TEXT;
ALTER TABLE servers ADD COLUMN server_group_id TEXT;
ALTER TABLE servers ADD COLUMN image_properties BLOB;
CREATE INDEX servers_by_group ON servers (server_group_id) WHERE server_group_id IS NOT NULL;

CREATE TABLE server_files (
    server_id TEXT NOT NULL,
    path TEXT NOT NULL,
    contents TEXT NOT NULL,
    PRIMARY KEY (server_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE flavor_access (
    flavor_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    PRIMARY KEY (flavor_id, project_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE aggregates (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    hosts BLOB NOT NULL,
    metadata BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT;
CREATE TABLE aggregate_sequence (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO aggregate_sequence VALUES (1, 0);

CREATE TABLE server_groups (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    policy TEXT NOT NULL,
    max_servers_per_host INTEGER,
    created_at INTEGER NOT NULL,
    placements INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX server_groups_by_project ON server_groups (project_id, created_at, id);

CREATE TABLE quotas (
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    hard_limit INTEGER NOT NULL,
    PRIMARY KEY (scope, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE migrations (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    server_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    source_host TEXT,
    source_node TEXT,
    target_host TEXT,
    target_node TEXT,
    target_address TEXT,
    old_flavor INTEGER,
    new_flavor INTEGER,
    is_hidden INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT;
CREATE INDEX migrations_by_server ON migrations (server_id, created_at DESC);

CREATE TABLE security_groups (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    rules BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX security_groups_by_project ON security_groups (project_id, name);
