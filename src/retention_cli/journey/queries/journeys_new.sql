-- Who enters, with where the first tick leaves them.
-- Nothing without: arrivals.
SELECT s.subject, s.campaign, s.customer_id, s.occurrence, s.revision, epoch_us(s.entered_at), a.state, a.step, epoch_us(a.due_at), a.reason, s.trigger,
    s.per, epoch_us(a.until_at), epoch_us(e.ends_at)
FROM subjects AS s
JOIN verdicts AS v ON v.subject = s.subject AND v.verdict = 'enters'
JOIN arrivals AS a ON a.subject = s.subject
LEFT JOIN deadlines AS e ON e.subject = s.subject
ORDER BY s.subject
