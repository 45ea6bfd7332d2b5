-- What became of servers, and what reconcilers found.

CREATE TABLE server_changes (
    id TEXT PRIMARY KEY,
    server_id TEXT NOT NULL,
    what TEXT NOT NULL,
    who TEXT NOT NULL,
    project_id TEXT NOT NULL,
    why TEXT NOT NULL,
    request_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    states_before BLOB,
    states_after BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX server_changes_by_server ON server_changes (server_id, started_at DESC);
CREATE INDEX server_changes_by_age ON server_changes (finished_at);

CREATE TABLE findings (
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    host TEXT NOT NULL,
    reconciler TEXT NOT NULL,
    server_id TEXT NOT NULL,
    explanation TEXT NOT NULL,
    remedy TEXT NOT NULL,
    is_safe INTEGER NOT NULL,
    is_confirmed INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    healed_at INTEGER,
    error TEXT NOT NULL,
    PRIMARY KEY (kind, object, host)
) STRICT, WITHOUT ROWID;

CREATE TABLE reconcilers (
    name TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    suspicions INTEGER NOT NULL,
    healed INTEGER NOT NULL,
    error TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE task_leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
