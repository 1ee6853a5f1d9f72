-- Messages that wait, by campaign and why.
SELECT c.name, coalesce(m.reason, ''), m.n
FROM (SELECT campaign, reason, count(*) AS n FROM messages WHERE state = 'held' GROUP BY campaign, reason) m JOIN campaigns c ON c.id = m.campaign
ORDER BY c.name, m.reason
