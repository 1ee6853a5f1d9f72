-- The first exit of everybody who leaves; of a campaign that too many would leave, only what an event brings.
-- Nothing without: exits_found.
CREATE OR REPLACE TABLE exits AS
SELECT x.subject, arg_min(x.reason, x.position) AS reason
FROM exits_found AS x
JOIN subjects AS s ON s.subject = x.subject
WHERE x.is_sure OR s.campaign NOT IN (SELECT campaign FROM exit_surges WHERE is_held)
GROUP BY x.subject
