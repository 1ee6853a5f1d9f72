-- Of each way of an experiment: how many customers, in journeys whose goal is settled, and how many of them reached it. What counts
-- is the journey in which a customer was drawn, and later ones: earlier ones knew nothing of the experiment.
SELECT a.path, count(DISTINCT a.customer), count(DISTINCT CASE WHEN g.journey IS NOT NULL THEN a.customer END), min(a.at)
FROM assignments a
JOIN campaigns c ON c.name = :campaign
LEFT JOIN journeys j ON j.campaign = c.id AND j.customer = a.customer AND j.entered_at <= :settled AND j.entered_at >= coalesce(
    (SELECT max(b.entered_at) FROM journeys b WHERE b.campaign = c.id AND b.customer = a.customer AND b.entered_at <= a.at), a.at)
LEFT JOIN goals g ON g.journey = j.id AND g.goal = :goal
WHERE a.experiment = :experiment AND (j.id IS NOT NULL OR :everybody = 1)
GROUP BY a.path
ORDER BY a.path
