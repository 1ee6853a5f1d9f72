-- Every exit that holds, for everybody in flight and everybody who enters: the named ones, behind them a message that was
-- refused for good where that ends the journey, the deadline, and that there is no such customer any more; before them that
-- another journey of what is one customer now is further. Those that an event brings are `sure`; of the others too many at once are a
-- mistake somewhere.
-- Nothing without: subjects.
CREATE OR REPLACE TABLE exits_found AS
SELECT s.subject, x.name AS reason, x.position, x.is_sure
FROM subjects AS s
JOIN asked AS a ON a.subject = s.subject
JOIN program_exits AS x ON x.revision = s.revision
LEFT JOIN verdicts AS v ON v.subject = s.subject
WHERE a.answers[x.question] AND (NOT s.is_new OR (v.verdict = 'enters' AND v.held_out IS NULL))
UNION ALL
SELECT subject, 'refused: ' || step, 1000000, true FROM refused
UNION ALL
SELECT d.subject, 'deadline', 2000000, true
FROM deadlines AS d
JOIN subjects AS s ON s.subject = d.subject
LEFT JOIN verdicts AS v ON v.subject = d.subject
WHERE d.ends_at <= make_timestamp($as_of) AND (NOT s.is_new OR (v.verdict = 'enters' AND v.held_out IS NULL))
UNION ALL
SELECT subject, 'deleted', 3000000, false FROM subjects WHERE NOT is_new AND subject NOT IN (SELECT subject FROM asked)
UNION ALL
SELECT s.subject, 'merged', -1, true
FROM overtaken AS o
JOIN subjects AS s ON s.subject = o.journey
JOIN running AS r ON r.campaign = s.campaign
WHERE NOT r.always
