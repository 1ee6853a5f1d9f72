-- Who enters has entered, and is due before the first step.
UPDATE arrivals SET state = 'open', step = $start, due_at = make_timestamp($as_of), reason = NULL
WHERE subject IN (SELECT subject FROM beyond WHERE is_new)
