-- Journeys by campaign, state and the reason of their end.
SELECT c.name, j.state, j.reason, j.n
FROM (SELECT campaign, state, reason, count(*) AS n FROM journeys GROUP BY campaign, state, reason) j JOIN campaigns c ON c.id = j.campaign
ORDER BY c.name, j.state, j.reason
