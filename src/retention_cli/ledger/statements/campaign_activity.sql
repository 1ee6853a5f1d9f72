-- Each campaign now: journeys under way, when the first of them is due, and how many messages left since an instant.
SELECT c.name, coalesce(j.n, 0), j.due_at, coalesce(m.n, 0)
FROM campaigns c
LEFT JOIN (SELECT campaign, count(*) AS n, min(due_at) AS due_at FROM journeys WHERE state = 'open' GROUP BY campaign) j ON j.campaign = c.id
LEFT JOIN (
    SELECT campaign, count(*) AS n FROM messages WHERE state IN ('sent', 'unknown') AND changed_at > :since GROUP BY campaign
) m ON m.campaign = c.id
ORDER BY c.name
