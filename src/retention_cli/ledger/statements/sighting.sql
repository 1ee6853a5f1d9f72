-- What a ledger says of itself, for the witness to compare.
SELECT (SELECT value FROM meta WHERE key = 'ledger_id'),
       (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'epoch'),
       (SELECT coalesce(max(seq), 0) FROM transitions)
