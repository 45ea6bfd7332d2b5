-- Both sides of a server's move, and what is kept of a shelved server.
ALTER TABLE migrations ADD COLUMN move BLOB;
CREATE INDEX migrations_open ON migrations (server_id)
    WHERE status NOT IN ('confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done');
ALTER TABLE servers ADD COLUMN shelved BLOB;
CREATE INDEX servers_shelved ON servers (id) WHERE vm_state = 'shelved' AND is_deleted = 0;
