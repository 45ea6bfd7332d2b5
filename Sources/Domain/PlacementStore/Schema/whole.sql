-- Placement: what providers have and who uses it. Version 1.
-- Times are UTC microseconds; ids are canonical UUID text.

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

-- The sum of a provider's allocations per class, kept by triggers, so that a claim costs the same on a full host.
CREATE TABLE usages (
    provider_id TEXT NOT NULL,
    resource_class TEXT NOT NULL,
    used INTEGER NOT NULL CHECK (used >= 0),
    PRIMARY KEY (provider_id, resource_class)
) WITHOUT ROWID;

--sqlite
CREATE TRIGGER allocations_added AFTER INSERT ON allocations BEGIN
    INSERT INTO usages (provider_id, resource_class, used) VALUES (NEW.provider_id, NEW.resource_class, NEW.used)
    ON CONFLICT (provider_id, resource_class) DO UPDATE SET used = usages.used + excluded.used;
END;

CREATE TRIGGER allocations_removed AFTER DELETE ON allocations BEGIN
    UPDATE usages SET used = used - OLD.used
    WHERE provider_id = OLD.provider_id AND resource_class = OLD.resource_class;
END;

-- An allocation is taken and given back, never changed.
CREATE TRIGGER allocations_fixed BEFORE UPDATE ON allocations BEGIN
    SELECT RAISE (ABORT, 'allocations are replaced, not changed');
END;
--postgresql
CREATE FUNCTION allocation_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO usages (provider_id, resource_class, used) VALUES (NEW.provider_id, NEW.resource_class, NEW.used)
    ON CONFLICT (provider_id, resource_class) DO UPDATE SET used = usages.used + excluded.used;
    RETURN NULL;
END $$;
CREATE TRIGGER allocations_added AFTER INSERT ON allocations FOR EACH ROW EXECUTE FUNCTION allocation_added();

CREATE FUNCTION allocation_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE usages SET used = used - OLD.used
    WHERE provider_id = OLD.provider_id AND resource_class = OLD.resource_class;
    RETURN NULL;
END $$;
CREATE TRIGGER allocations_removed AFTER DELETE ON allocations FOR EACH ROW EXECUTE FUNCTION allocation_removed();

-- An allocation is taken and given back, never changed.
CREATE FUNCTION allocation_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'allocations are replaced, not changed';
END $$;
CREATE TRIGGER allocations_fixed BEFORE UPDATE ON allocations FOR EACH ROW EXECUTE FUNCTION allocation_fixed();
