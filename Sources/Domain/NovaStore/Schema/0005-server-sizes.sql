-- What a project uses is summed up in an index; null in rows of older releases until a conductor has filled them.
ALTER TABLE servers ADD COLUMN vcpus INTEGER;
ALTER TABLE servers ADD COLUMN memory_mb INTEGER;
CREATE INDEX servers_by_use ON servers (project_id, is_deleted, vcpus, memory_mb) WHERE is_deleted = 0;
CREATE INDEX servers_without_size ON servers (id) WHERE vcpus IS NULL AND is_deleted = 0;
CREATE INDEX servers_by_deletion ON servers (deleted_at) WHERE is_deleted = 1;
