-- Roles of groups, roles that are inherited, roles of one domain.
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
INSERT INTO role_assignments (actor_kind, actor_id, target_kind, target_id, role_id, inherited)
SELECT 'user', user_id, target_kind, target_id, role_id, 0 FROM assignments;
DROP TABLE assignments;
-- What the release before reads, as long as one of its processes runs.
CREATE VIEW assignments AS
SELECT actor_id AS user_id, target_kind, target_id, role_id FROM role_assignments
WHERE actor_kind = 'user' AND inherited = 0;

-- A role's name is unique within its domain from now on. Neither database can change that in place.
CREATE TABLE former_roles AS SELECT id, name, description FROM roles;
DROP TABLE roles;
CREATE TABLE roles (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    domain_id TEXT NOT NULL DEFAULT '',
    options TEXT NOT NULL DEFAULT '{}',
    UNIQUE (domain_id, name)
) STRICT;
INSERT INTO roles (id, name, description, domain_id, options) SELECT id, name, description, '', '{}' FROM former_roles;
DROP TABLE former_roles;
CREATE TABLE implied_roles (
    prior_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    implied_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (prior_id, implied_id)
) STRICT, WITHOUT ROWID;
INSERT INTO implied_roles (prior_id, implied_id)
SELECT p.id, i.id FROM roles p, roles i
WHERE p.name = 'admin' AND i.name = 'manager' OR p.name = 'manager' AND i.name = 'member'
    OR p.name = 'member' AND i.name = 'reader';

ALTER TABLE domains ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE domains ADD COLUMN extra TEXT NOT NULL DEFAULT '{}';
ALTER TABLE projects ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE projects ADD COLUMN extra TEXT NOT NULL DEFAULT '{}';
CREATE INDEX projects_by_parent ON projects (parent_id);
ALTER TABLE users ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN extra TEXT NOT NULL DEFAULT '{}';

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
