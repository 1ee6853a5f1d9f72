-- The days, on the customer's clock, on which journeys enter whose deadline is a time of a day.
-- Nothing without: subjects.
SELECT DISTINCT s.revision, a.zone, CAST(timezone(a.zone, timezone('UTC', s.entered_at)) AS DATE)
FROM subjects AS s
JOIN asked AS a ON a.subject = s.subject
JOIN program_deadlines AS d ON d.revision = s.revision
WHERE s.is_new AND d.has_time
