-- The nova database, whole. nova-api and nova-conductor write it, nobody else.
-- Times are UTC microseconds; ids are canonical text; lists and nested records are blobs in the wire form.
-- Tables with rows of half a kilobyte and more are rowid tables (decision 0006).

CREATE TABLE servers (
    id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL UNIQUE,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    hostname TEXT NOT NULL,
    description TEXT,
    vm_state TEXT NOT NULL,
    task_state TEXT,
    power_state TEXT NOT NULL,
    progress INTEGER NOT NULL,
    flavor BLOB NOT NULL,
    image_id TEXT,
    key_name TEXT,
    key_data TEXT,
    user_data TEXT,
    metadata BLOB NOT NULL,
    security_groups BLOB NOT NULL,
    availability_zone TEXT,
    host TEXT,
    node TEXT,
    provider_id TEXT,
    has_config_drive INTEGER NOT NULL,
    is_locked INTEGER NOT NULL,
    reservation_id TEXT NOT NULL,
    launch_index INTEGER NOT NULL,
    tags BLOB NOT NULL,
    network BLOB NOT NULL,
    requested_networks BLOB NOT NULL,
    fault BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    launched_at INTEGER,
    terminated_at INTEGER,
    is_deleted INTEGER NOT NULL,
    deleted_at INTEGER,
    locked_by TEXT,
    locked_reason TEXT,
    access_ip_v4 TEXT,
    access_ip_v6 TEXT,
    auto_disk_config INTEGER NOT NULL DEFAULT 0,
    scheduler_hints TEXT,
    server_group_id TEXT,
    image_properties BLOB,
    -- as the flavor says; null in rows of older releases
    vcpus INTEGER,
    memory_mb INTEGER,
    -- set while it is shelved
    shelved BLOB,
    -- the disks that its user asked for; NULL: those of its flavor
    local_disks BLOB
) STRICT;
CREATE INDEX servers_by_project ON servers (project_id, is_deleted, created_at DESC, id DESC);
CREATE INDEX servers_by_time ON servers (is_deleted, created_at DESC, id DESC);
CREATE INDEX servers_by_host ON servers (host, is_deleted);
-- What a project uses is summed up here.
CREATE INDEX servers_by_use ON servers (project_id, is_deleted, vcpus, memory_mb) WHERE is_deleted = 0;
CREATE INDEX servers_without_size ON servers (id) WHERE vcpus IS NULL AND is_deleted = 0;
-- What the archive takes.
CREATE INDEX servers_by_deletion ON servers (deleted_at) WHERE is_deleted = 1;
-- What can be restored.
CREATE INDEX servers_soft_deleted ON servers (project_id, deleted_at) WHERE vm_state = 'soft-delete' AND is_deleted = 0;
-- What is to leave its host in a while.
CREATE INDEX servers_shelved ON servers (id) WHERE vm_state = 'shelved' AND is_deleted = 0;
CREATE INDEX servers_by_group ON servers (server_group_id) WHERE server_group_id IS NOT NULL;

-- The last sequence number that was given to a server.
CREATE TABLE server_sequence (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO server_sequence VALUES (1, 0);

CREATE TABLE flavors (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    memory_mb INTEGER NOT NULL,
    vcpus INTEGER NOT NULL,
    root_gb INTEGER NOT NULL,
    ephemeral_gb INTEGER NOT NULL,
    swap_mb INTEGER NOT NULL,
    rxtx_factor REAL NOT NULL,
    is_public INTEGER NOT NULL,
    is_disabled INTEGER NOT NULL,
    description TEXT,
    extra_specs BLOB NOT NULL
) STRICT;

CREATE TABLE key_pairs (
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    public_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    record BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE services (
    id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL UNIQUE,
    "binary" TEXT NOT NULL,
    host TEXT NOT NULL,
    topic TEXT NOT NULL,
    zone TEXT NOT NULL,
    is_disabled INTEGER NOT NULL,
    disabled_reason TEXT,
    is_forced_down INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE ("binary", host)
) STRICT, WITHOUT ROWID;

CREATE TABLE workflows (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    server_id TEXT NOT NULL,
    state TEXT NOT NULL,
    step INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    owner TEXT,
    lease_expires_at INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    context BLOB NOT NULL,
    data BLOB NOT NULL,
    error BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    finished_at INTEGER,
    stuck_since INTEGER,
    owed_host TEXT,
    owed_reason TEXT,
    owed_since INTEGER,
    abandoned_reason TEXT
) STRICT;
-- What a conductor looks for: work that is not finished.
CREATE INDEX workflows_open ON workflows (retry_at) WHERE finished_at IS NULL;
CREATE INDEX workflows_by_server ON workflows (server_id, created_at DESC);
-- What a host that comes back is asked for at once.
CREATE INDEX workflows_owed ON workflows (owed_host) WHERE finished_at IS NULL AND state = 'owed';

CREATE TABLE workflow_steps (
    workflow_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    error TEXT,
    PRIMARY KEY (workflow_id, position, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE explanations (
    server_id TEXT PRIMARY KEY,
    record BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Secrets that all conductors share: the key that signs grants.
CREATE TABLE signing_keys (
    key_id TEXT PRIMARY KEY,
    private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What became of servers: the states before and after each workflow (the id is the workflow's), and what changed
-- without one.
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

-- Drift that reconcilers have seen: suspicions until they are seen again, then findings; healed ones for a day.
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

-- The last run of each reconciler; healed counts since ever.
CREATE TABLE reconcilers (
    name TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    suspicions INTEGER NOT NULL,
    healed INTEGER NOT NULL,
    error TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Work that one conductor of the cloud does at a time.
CREATE TABLE task_leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What users put into servers at their creation (`personality`): base64.
CREATE TABLE server_files (
    server_id TEXT NOT NULL,
    path TEXT NOT NULL,
    contents TEXT NOT NULL,
    PRIMARY KEY (server_id, path)
) STRICT, WITHOUT ROWID;

-- The projects that may use flavors that are not public.
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
-- The last number that was given to an aggregate: numbers are never used again.
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

-- Limits that operators have set; the scope is `class:NAME`, `project:ID` or `user:PROJECT/ID`.
CREATE TABLE quotas (
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    hard_limit INTEGER NOT NULL,
    PRIMARY KEY (scope, resource)
) STRICT, WITHOUT ROWID;

-- Moves of servers between hosts and flavors.
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
    updated_at INTEGER,
    -- both sides of the move
    move BLOB,
    -- how far a live migration is, and what an operator wants of it
    figures BLOB,
    wish TEXT
) STRICT;
CREATE INDEX migrations_by_server ON migrations (server_id, created_at DESC);
-- Moves that somebody works on, or that wait for their confirmation.
CREATE INDEX migrations_open ON migrations (server_id)
    WHERE status NOT IN ('confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done');

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

CREATE TABLE security_groups (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    rules BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX security_groups_by_project ON security_groups (project_id, name);
