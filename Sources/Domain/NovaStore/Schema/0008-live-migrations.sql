-- How far a live migration is, and what an operator wants of it.
ALTER TABLE migrations ADD COLUMN figures BLOB;
ALTER TABLE migrations ADD COLUMN wish TEXT;
