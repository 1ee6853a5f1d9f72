-- What could leave of campaigns that are off, some thousands at a time.
SELECT m.id, m.state FROM messages m JOIN campaigns c ON c.id = m.campaign
WHERE m.state IN ('planned', 'deferred')
  AND NOT EXISTS (SELECT 1 FROM json_each(:campaigns) AS w WHERE w.value ->> 0 = c.name)
ORDER BY m.id
LIMIT :limit /*+postgresql FOR UPDATE OF m */
