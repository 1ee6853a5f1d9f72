-- Messages that were planned earlier and have not left, of journeys whose exit now holds.
SELECT u.message, 'suppressed', 'exit: ' || x.reason
FROM unsent AS u
JOIN exits AS x ON x.subject = u.journey
ORDER BY u.message
