-- What is under way: open journeys and waiting messages of each campaign.
SELECT c.name, coalesce(j.n, 0), coalesce(m.n, 0)
FROM campaigns c
LEFT JOIN (SELECT campaign, count(*) AS n FROM journeys WHERE state = 'open' GROUP BY campaign) j ON j.campaign = c.id
LEFT JOIN (SELECT campaign, count(*) AS n FROM messages WHERE state IN ('planned', 'deferred', 'held') GROUP BY campaign) m ON m.campaign = c.id
WHERE j.n IS NOT NULL OR m.n IS NOT NULL
ORDER BY c.name
