-- Which messages can still be stopped; a sender has the others already.
SELECT m.id, m.state, w.value ->> 1, w.value ->> 2
FROM json_each(:rows) AS w JOIN messages m ON m.id = CAST(w.value ->> 0 AS BIGINT)
WHERE m.state IN ('planned', 'deferred', 'held')
ORDER BY m.id /*+postgresql FOR UPDATE OF m */
