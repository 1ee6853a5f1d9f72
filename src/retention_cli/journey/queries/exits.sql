-- The first named exit that holds, for everybody in flight and everybody who enters.
CREATE OR REPLACE TABLE exits AS
SELECT s.subject, arg_min(x.name, x.position) AS reason
FROM subjects AS s
JOIN asked AS a ON a.subject = s.subject
JOIN program_exits AS x ON x.revision = s.revision
LEFT JOIN verdicts AS v ON v.subject = s.subject
WHERE a.answers[x.question] AND (NOT s.is_new OR (v.verdict = 'enters' AND v.held_out IS NULL))
GROUP BY s.subject
