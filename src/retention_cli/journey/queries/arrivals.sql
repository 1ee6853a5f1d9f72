-- Where every journey of the tick ends up: waiting at a step, stopped, finished, or out by an exit.
CREATE OR REPLACE TABLE arrivals AS
SELECT subject,
    CASE WHEN op = 'wait' THEN 'open' ELSE 'ended' END AS state,
    step,
    CASE WHEN op = 'wait' THEN due_at END AS due_at,
    CASE op WHEN 'wait' THEN NULL WHEN 'stop' THEN reason ELSE 'finished' END AS reason
FROM walk
QUALIFY row_number() OVER (PARTITION BY subject ORDER BY hop DESC) = 1
UNION ALL
SELECT x.subject, 'ended', s.step, NULL, x.reason
FROM exits AS x
JOIN subjects AS s ON s.subject = x.subject
WHERE s.is_new OR s.is_open
UNION ALL
SELECT subject, 'held_out', NULL, NULL, held_out
FROM verdicts
WHERE verdict = 'enters' AND held_out IS NOT NULL
