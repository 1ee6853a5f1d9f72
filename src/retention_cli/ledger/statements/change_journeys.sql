-- Advance or end journeys that are open; ended ones stay as they are.
UPDATE journeys
SET state = w.state, step = w.step, due_at = w.due_at, reason = w.reason, until_at = w.until_at
FROM (
    SELECT CAST(w.value ->> 0 AS BIGINT) AS id, w.value ->> 1 AS state, w.value ->> 2 AS step,
           CAST(w.value ->> 3 AS BIGINT) AS due_at, w.value ->> 4 AS reason, CAST(w.value ->> 5 AS BIGINT) AS until_at
    FROM json_each(:rows) AS w
) AS w
WHERE journeys.id = w.id AND journeys.state = 'open'
