-- When each journey ends whatever it has come to. It is settled at the entry; who moves to another zone keeps it.
CREATE OR REPLACE TABLE deadlines AS
SELECT s.subject, a.zone,
    CASE WHEN NOT s.is_new THEN s.deadline_at
         WHEN d.has_time THEN e.ends_at
         WHEN d.is_elapsed THEN s.entered_at + to_seconds(d.seconds)
         ELSE timezone('UTC', timezone(a.zone, timezone(a.zone, timezone('UTC', s.entered_at)) + to_months(d.months) + to_seconds(d.seconds)))
    END AS ends_at
FROM subjects AS s
JOIN asked AS a ON a.subject = s.subject
LEFT JOIN program_deadlines AS d ON d.revision = s.revision
LEFT JOIN deadline_days AS e ON e.revision = s.revision AND e.zone = a.zone
    AND e.day = CAST(timezone(a.zone, timezone('UTC', s.entered_at)) AS DATE)
WHERE CASE WHEN s.is_new THEN d.revision IS NOT NULL ELSE s.deadline_at IS NOT NULL END
