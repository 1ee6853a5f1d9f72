-- The time in which some messages may leave by a way: behind all that was reserved before, and not in the past. Returns its end.
INSERT INTO paces (way, next_at) VALUES (:way, CAST(:now AS BIGINT) + CAST(:span AS BIGINT))
ON CONFLICT (way) DO UPDATE
SET next_at = CASE WHEN paces.next_at > CAST(:now AS BIGINT) THEN paces.next_at ELSE CAST(:now AS BIGINT) END + CAST(:span AS BIGINT)
RETURNING next_at
