-- The goals that a campaign's journeys have reached, by revision; of a total also its sum.
SELECT j.revision, g.goal, count(*), sum(CAST(g.value AS NUMERIC))
FROM goals g JOIN journeys j ON j.id = g.journey JOIN campaigns c ON c.id = j.campaign
WHERE c.name = :campaign
GROUP BY j.revision, g.goal
ORDER BY 1, 2
