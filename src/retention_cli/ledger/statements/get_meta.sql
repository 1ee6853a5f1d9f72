-- Read one value.
SELECT value FROM meta WHERE key = :key
