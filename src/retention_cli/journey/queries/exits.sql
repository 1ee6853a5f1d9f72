-- The first named exit that holds, for everybody in flight and everybody who enters; behind them a message that was refused
-- for good where that ends the journey, and the deadline.
CREATE OR REPLACE TABLE exits AS
SELECT subject, arg_min(reason, position) AS reason
FROM (
    SELECT s.subject, x.name AS reason, x.position
    FROM subjects AS s
    JOIN asked AS a ON a.subject = s.subject
    JOIN program_exits AS x ON x.revision = s.revision
    LEFT JOIN verdicts AS v ON v.subject = s.subject
    WHERE a.answers[x.question] AND (NOT s.is_new OR (v.verdict = 'enters' AND v.held_out IS NULL))
    UNION ALL
    SELECT subject, 'refused: ' || step, 1000000 FROM refused
    UNION ALL
    SELECT d.subject, 'deadline', 2000000
    FROM deadlines AS d
    JOIN subjects AS s ON s.subject = d.subject
    LEFT JOIN verdicts AS v ON v.subject = d.subject
    WHERE d.ends_at <= make_timestamp($as_of) AND (NOT s.is_new OR (v.verdict = 'enters' AND v.held_out IS NULL))
)
GROUP BY subject
