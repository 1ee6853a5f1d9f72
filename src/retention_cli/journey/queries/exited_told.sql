-- The same as their history tells it.
SELECT 'journey', s.subject, s.step, 'ended', $as_of, x.reason
FROM exits AS x
JOIN subjects AS s ON s.subject = x.subject
WHERE s.is_open
ORDER BY s.subject
