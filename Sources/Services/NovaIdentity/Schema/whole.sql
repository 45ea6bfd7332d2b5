-- Identity: who exists, who may do what where, what the cloud offers, and which tokens are void.
-- Ids are text of up to 64 characters; times are microseconds since 1970, UTC.

CREATE TABLE domains (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    options TEXT NOT NULL DEFAULT '{}',
    extra TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TABLE projects (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    domain_id TEXT NOT NULL REFERENCES domains (id),
    parent_id TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    tags BLOB NOT NULL,
    options TEXT NOT NULL DEFAULT '{}',
    extra TEXT NOT NULL DEFAULT '{}',
    UNIQUE (domain_id, name)
) STRICT;
CREATE INDEX projects_by_parent ON projects (parent_id);

CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    domain_id TEXT NOT NULL REFERENCES domains (id),
    default_project_id TEXT,
    enabled INTEGER NOT NULL,
    -- `pbkdf2-sha256$rounds$salt$hash`; empty for a user who cannot log in with a password.
    password_hash TEXT NOT NULL,
    description TEXT,
    email TEXT,
    options TEXT NOT NULL DEFAULT '{}',
    extra TEXT NOT NULL DEFAULT '{}',
    UNIQUE (domain_id, name)
) STRICT;

CREATE TABLE groups (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    domain_id TEXT NOT NULL REFERENCES domains (id),
    description TEXT NOT NULL,
    UNIQUE (domain_id, name)
) STRICT;
CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id);

-- Hashes of passwords that a user had, so that a user does not choose one of them again.
CREATE TABLE former_passwords (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    replaced_at INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    PRIMARY KEY (user_id, replaced_at)
) STRICT, WITHOUT ROWID;

-- domain_id is empty for a role of the whole cloud.
CREATE TABLE roles (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    domain_id TEXT NOT NULL DEFAULT '',
    options TEXT NOT NULL DEFAULT '{}',
    UNIQUE (domain_id, name)
) STRICT;
-- Who has the first role has the second one as well.
CREATE TABLE implied_roles (
    prior_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    implied_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (prior_id, implied_id)
) STRICT, WITHOUT ROWID;

-- Who has which role where. actor_kind is user or group. target_kind is project, domain or system; the system's
-- target_id is `all`. What is inherited holds for the projects below the target, not for the target itself.
CREATE TABLE role_assignments (
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    inherited INTEGER NOT NULL,
    PRIMARY KEY (actor_kind, actor_id, target_kind, target_id, role_id, inherited)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_assignments_by_target ON role_assignments (target_kind, target_id);
CREATE INDEX role_assignments_by_role ON role_assignments (role_id);
-- What the release before reads, as long as one of its processes runs.
CREATE VIEW assignments AS
SELECT actor_id AS user_id, target_kind, target_id, role_id FROM role_assignments
WHERE actor_kind = 'user' AND inherited = 0;

CREATE TABLE application_credentials (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    description TEXT,
    expires_at INTEGER,
    unrestricted INTEGER NOT NULL,
    role_ids BLOB NOT NULL,
    access_rule_ids BLOB NOT NULL,
    has_access_rules INTEGER NOT NULL,
    UNIQUE (user_id, name)
) STRICT;
CREATE INDEX application_credentials_by_project ON application_credentials (project_id);
CREATE TABLE access_rules (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    service TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    UNIQUE (user_id, service, method, path)
) STRICT;

-- Proofs of other kinds, such as EC2 keys; the blob is sealed with the service's key.
CREATE TABLE credentials (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT,
    type TEXT NOT NULL,
    sealed_blob TEXT NOT NULL
) STRICT;
CREATE INDEX credentials_by_user ON credentials (user_id);

CREATE TABLE regions (
    id TEXT PRIMARY KEY NOT NULL,
    description TEXT NOT NULL,
    parent_region_id TEXT
) STRICT;

CREATE TABLE services (
    id TEXT PRIMARY KEY NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled INTEGER NOT NULL
) STRICT;

CREATE TABLE endpoints (
    id TEXT PRIMARY KEY NOT NULL,
    service_id TEXT NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    interface TEXT NOT NULL,
    region_id TEXT REFERENCES regions (id),
    url TEXT NOT NULL,
    enabled INTEGER NOT NULL
) STRICT;
CREATE INDEX endpoints_by_service ON endpoints (service_id);

CREATE TABLE registered_limits (
    id TEXT PRIMARY KEY NOT NULL,
    service_id TEXT NOT NULL REFERENCES services (id),
    region_id TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    default_limit INTEGER NOT NULL,
    description TEXT,
    UNIQUE (service_id, region_id, resource_name)
) STRICT;
CREATE TABLE limits (
    id TEXT PRIMARY KEY NOT NULL,
    project_id TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    service_id TEXT NOT NULL REFERENCES services (id),
    region_id TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    resource_limit INTEGER NOT NULL,
    description TEXT,
    UNIQUE (project_id, domain_id, service_id, region_id, resource_name)
) STRICT;

-- Numbered without gaps, and no number is used twice, also after the oldest rows were removed.
CREATE TABLE revocations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    id TEXT NOT NULL,
    issued_before INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_by_expiry ON revocations (expires_at);

-- What the service remembers of itself, such as the endpoint URLs that its options had at the last start.
CREATE TABLE settings (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;
