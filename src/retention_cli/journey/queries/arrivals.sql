-- Where every journey of the tick ends up: waiting at a step, stopped, finished, or out by an exit. Who waits on at the step
-- where they stood is not here: nothing changes. A wait for a reaction counts from when the message may leave.
CREATE OR REPLACE TABLE arrivals AS
SELECT w.subject,
    CASE WHEN w.op = 'wait' THEN 'open' ELSE 'ended' END AS state,
    w.step,
    CASE WHEN w.op = 'wait' THEN least(w.due_at + coalesce(m.wanted_at - make_timestamp($as_of), to_seconds(0)), e.ends_at) END AS due_at,
    CASE WHEN w.op = 'wait' THEN w.until_at END AS until_at,
    CASE w.op WHEN 'wait' THEN NULL WHEN 'stop' THEN w.reason ELSE 'finished' END AS reason
FROM (SELECT * FROM walk QUALIFY row_number() OVER (PARTITION BY subject ORDER BY hop DESC) = 1) AS w
LEFT JOIN departing AS m ON m.subject = w.subject AND m.step = w.reaction_to
LEFT JOIN deadlines AS e ON e.subject = w.subject
UNION ALL
SELECT x.subject, 'ended', s.step, NULL, NULL, x.reason
FROM exits AS x
JOIN subjects AS s ON s.subject = x.subject
WHERE s.is_new OR s.is_open
UNION ALL
SELECT subject, 'held_out', NULL, NULL, NULL, held_out
FROM verdicts
WHERE verdict = 'enters' AND held_out IS NOT NULL
