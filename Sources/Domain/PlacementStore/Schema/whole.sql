-- Placement: what providers have and who uses it. Version 1.
-- Times are UTC microseconds; ids are canonical UUID text. Usage is always a sum over allocations.

-- The last change number given out: providers carry the number of their last change, so that readers follow.
CREATE TABLE change_sequence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
);
INSERT INTO change_sequence (id, value) VALUES (1, 0);

CREATE TABLE resource_providers (
    provider_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    changed INTEGER NOT NULL
);
CREATE INDEX resource_providers_by_change ON resource_providers (changed);

CREATE TABLE inventories (
    provider_id TEXT NOT NULL REFERENCES resource_providers (provider_id) ON DELETE CASCADE,
    resource_class TEXT NOT NULL,
    total INTEGER NOT NULL CHECK (total >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    allocation_ratio REAL NOT NULL CHECK (allocation_ratio > 0),
    PRIMARY KEY (provider_id, resource_class)
) WITHOUT ROWID;

CREATE TABLE consumers (
    consumer_id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    generation INTEGER NOT NULL
);
CREATE INDEX consumers_by_project ON consumers (project_id, user_id);

CREATE TABLE allocations (
    consumer_id TEXT NOT NULL REFERENCES consumers (consumer_id) ON DELETE CASCADE,
    provider_id TEXT NOT NULL REFERENCES resource_providers (provider_id),
    resource_class TEXT NOT NULL,
    used INTEGER NOT NULL CHECK (used > 0),
    PRIMARY KEY (consumer_id, provider_id, resource_class)
) WITHOUT ROWID;
CREATE INDEX allocations_by_provider ON allocations (provider_id, resource_class, used);
