-- What a user called a port's device; empty for none.
ALTER TABLE ports ADD COLUMN tag TEXT NOT NULL DEFAULT '';
