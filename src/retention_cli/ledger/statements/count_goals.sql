-- Goals reached, by campaign; of a total also its sum.
SELECT c.name, g.goal, count(*), sum(CAST(g.value AS NUMERIC))
FROM goals g JOIN journeys j ON j.id = g.journey JOIN campaigns c ON c.id = j.campaign
GROUP BY c.name, g.goal
ORDER BY c.name, g.goal
