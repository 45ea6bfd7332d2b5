-- Servers that were deleted and can be restored: what is reclaimed, and what a project does not use meanwhile.
CREATE INDEX servers_soft_deleted ON servers (project_id, deleted_at) WHERE vm_state = 'soft-delete' AND is_deleted = 0;
