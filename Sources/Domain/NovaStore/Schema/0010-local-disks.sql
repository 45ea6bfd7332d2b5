-- The disks that a server's user asked for; NULL: those of its flavor.
ALTER TABLE servers ADD COLUMN local_disks BLOB;
