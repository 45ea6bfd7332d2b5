-- Identity: who exists, who may do what where, what the cloud offers, and which tokens are void.
-- Ids are text of up to 64 characters; times are microseconds since 1970, UTC.

CREATE TABLE domains (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    enabled INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    domain_id TEXT NOT NULL REFERENCES domains (id),
    parent_id TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    tags BLOB NOT NULL,
    UNIQUE (domain_id, name)
) STRICT;

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
    UNIQUE (domain_id, name)
) STRICT;

CREATE TABLE roles (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL
) STRICT;

-- Who has which role where. target_kind is project, domain or system; the system's target_id is `all`.
CREATE TABLE assignments (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, target_kind, target_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignments_by_target ON assignments (target_kind, target_id);
CREATE INDEX assignments_by_role ON assignments (role_id);

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
