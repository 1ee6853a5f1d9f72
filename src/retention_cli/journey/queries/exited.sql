-- Open journeys that an exit ends, as they are changed in the ledger.
SELECT s.subject, 'ended', s.step, NULL, x.reason, NULL
FROM exits AS x
JOIN subjects AS s ON s.subject = x.subject
WHERE s.is_open
ORDER BY s.subject
