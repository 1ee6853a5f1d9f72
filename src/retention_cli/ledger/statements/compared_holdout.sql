-- Of those who were held out of a campaign, and of those who were not: how many customers whose goal is settled, and how many reached it.
SELECT CASE WHEN j.state = 'held_out' OR j.reason = 'held_out' THEN 1 ELSE 0 END, count(DISTINCT j.customer),
       count(DISTINCT CASE WHEN g.journey IS NOT NULL THEN j.customer END)
FROM journeys j
JOIN campaigns c ON c.id = j.campaign
LEFT JOIN goals g ON g.journey = j.id AND g.goal = :goal
WHERE c.name = :campaign AND j.entered_at <= :settled
GROUP BY 1
ORDER BY 1
