-- Every doubt is on a list.
SELECT m.id, c.name, m.step, m.customer, m.channel, m.changed_at, m.attempts
FROM messages m JOIN campaigns c ON c.id = m.campaign
WHERE m.state = 'unknown'
ORDER BY m.changed_at, m.id
LIMIT :limit
