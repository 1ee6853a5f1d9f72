-- How many codes of each pool went to somebody, and how many messages wait for one.
SELECT v.pool, count(v.code), count(CASE WHEN v.code IS NULL AND m.state = 'held' THEN 1 END)
FROM vouchers v JOIN messages m ON m.id = v.message
GROUP BY v.pool
ORDER BY v.pool
