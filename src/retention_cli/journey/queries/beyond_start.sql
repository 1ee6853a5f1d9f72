-- Who enters beyond the limit has entered, and is due before the first step.
-- Nothing without: beyond.
INSERT INTO arrivals BY NAME
SELECT subject, 'open' AS state, $start AS step, make_timestamp($as_of) AS due_at FROM beyond WHERE is_new
