-- How many may leave now, how many later, and when the first of these.
SELECT coalesce(sum(CASE WHEN ready_at <= :now THEN 1 ELSE 0 END), 0),
       coalesce(sum(CASE WHEN ready_at > :now THEN 1 ELSE 0 END), 0),
       min(CASE WHEN ready_at > :now THEN ready_at END)
FROM (
    SELECT CASE WHEN coalesce(next_attempt_at, 0) > coalesce(not_before, 0) THEN next_attempt_at ELSE coalesce(not_before, 0) END AS ready_at
    FROM messages
    WHERE state IN ('planned', 'deferred', 'held') AND state <> 'held'
) w
