-- What a workflow whose visible end has come still owes, to whom, and since when.
ALTER TABLE workflows ADD COLUMN stuck_since INTEGER;
ALTER TABLE workflows ADD COLUMN owed_host TEXT;
ALTER TABLE workflows ADD COLUMN owed_reason TEXT;
ALTER TABLE workflows ADD COLUMN owed_since INTEGER;
ALTER TABLE workflows ADD COLUMN abandoned_reason TEXT;
CREATE INDEX workflows_owed ON workflows (owed_host) WHERE finished_at IS NULL AND state = 'owed';
