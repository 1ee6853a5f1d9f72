-- Journeys that were under way, with where they are now.
-- Nothing without: arrivals.
SELECT s.subject, a.state, a.step, epoch_us(a.due_at), a.reason, epoch_us(a.until_at)
FROM subjects AS s
JOIN arrivals AS a ON a.subject = s.subject
WHERE NOT s.is_new
ORDER BY s.subject
