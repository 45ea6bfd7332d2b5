-- The last number of a revocation stands among the settings from now on, as SQLite alone has sqlite_sequence.
--sqlite
INSERT INTO settings (name, value)
SELECT 'revocation_sequence', CAST(seq AS TEXT) FROM sqlite_sequence WHERE name = 'revocations';
--both
