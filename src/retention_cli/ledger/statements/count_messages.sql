-- Messages by campaign and state.
SELECT c.name, m.state, m.n
FROM (SELECT campaign, state, count(*) AS n FROM messages GROUP BY campaign, state) m JOIN campaigns c ON c.id = m.campaign
ORDER BY c.name, m.state
