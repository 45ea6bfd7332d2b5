-- Rows of half a kilobyte and more in the order of their making, found by a small index: as WITHOUT ROWID tables these
-- kept whole rows in the inner pages of their trees, a handful in each.
--sqlite
CREATE TABLE servers_by_rowid (
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
INSERT INTO servers_by_rowid (
    id, sequence, project_id, user_id, name, hostname, description, vm_state, task_state, power_state, progress,
    flavor, image_id, key_name, key_data, user_data, metadata, security_groups, availability_zone, host, node,
    provider_id, has_config_drive, is_locked, reservation_id, launch_index, tags, network, requested_networks, fault,
    created_at, updated_at, launched_at, terminated_at, is_deleted, deleted_at, locked_by, locked_reason,
    access_ip_v4, access_ip_v6, auto_disk_config, scheduler_hints, server_group_id, image_properties, vcpus,
    memory_mb, shelved, local_disks)
SELECT
    id, sequence, project_id, user_id, name, hostname, description, vm_state, task_state, power_state, progress,
    flavor, image_id, key_name, key_data, user_data, metadata, security_groups, availability_zone, host, node,
    provider_id, has_config_drive, is_locked, reservation_id, launch_index, tags, network, requested_networks, fault,
    created_at, updated_at, launched_at, terminated_at, is_deleted, deleted_at, locked_by, locked_reason,
    access_ip_v4, access_ip_v6, auto_disk_config, scheduler_hints, server_group_id, image_properties, vcpus,
    memory_mb, shelved, local_disks
FROM servers ORDER BY sequence;
DROP TABLE servers;
ALTER TABLE servers_by_rowid RENAME TO servers;
CREATE INDEX servers_by_project ON servers (project_id, is_deleted, created_at DESC, id DESC);
CREATE INDEX servers_by_time ON servers (is_deleted, created_at DESC, id DESC);
CREATE INDEX servers_by_host ON servers (host, is_deleted);
CREATE INDEX servers_by_use ON servers (project_id, is_deleted, vcpus, memory_mb) WHERE is_deleted = 0;
CREATE INDEX servers_without_size ON servers (id) WHERE vcpus IS NULL AND is_deleted = 0;
CREATE INDEX servers_by_deletion ON servers (deleted_at) WHERE is_deleted = 1;
CREATE INDEX servers_soft_deleted ON servers (project_id, deleted_at) WHERE vm_state = 'soft-delete' AND is_deleted = 0;
CREATE INDEX servers_shelved ON servers (id) WHERE vm_state = 'shelved' AND is_deleted = 0;
CREATE INDEX servers_by_group ON servers (server_group_id) WHERE server_group_id IS NOT NULL;
CREATE TABLE workflows_by_rowid (
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
INSERT INTO workflows_by_rowid (
    id, kind, server_id, state, step, epoch, owner, lease_expires_at, retry_at, attempts, context, data, error,
    created_at, updated_at, finished_at, stuck_since, owed_host, owed_reason, owed_since, abandoned_reason)
SELECT
    id, kind, server_id, state, step, epoch, owner, lease_expires_at, retry_at, attempts, context, data, error,
    created_at, updated_at, finished_at, stuck_since, owed_host, owed_reason, owed_since, abandoned_reason
FROM workflows ORDER BY created_at, id;
DROP TABLE workflows;
ALTER TABLE workflows_by_rowid RENAME TO workflows;
CREATE INDEX workflows_open ON workflows (retry_at) WHERE finished_at IS NULL;
CREATE INDEX workflows_by_server ON workflows (server_id, created_at DESC);
CREATE INDEX workflows_owed ON workflows (owed_host) WHERE finished_at IS NULL AND state = 'owed';
--both
