-- Hosts that are emptied, or whose servers come back.
CREATE TABLE drains (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    is_cold INTEGER NOT NULL,
    context BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    -- from when on its servers are no longer brought back
    returned_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX drains_by_host ON drains (host, created_at DESC);
CREATE INDEX drains_active ON drains (id) WHERE state IN ('running', 'stopping');

-- What such a drain does with each server; blocked ones come first.
CREATE TABLE drain_moves (
    drain_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    server_id TEXT NOT NULL,
    server_name TEXT NOT NULL,
    way TEXT,
    source TEXT NOT NULL,
    target TEXT,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    avoided TEXT,
    workflow_id TEXT,
    retry_at INTEGER NOT NULL,
    busy_since INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (drain_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX drain_moves_by_state ON drain_moves (drain_id, state);
CREATE INDEX drain_moves_by_server ON drain_moves (server_id);
