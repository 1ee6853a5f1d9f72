-- What could be claimed now, some thousands at a time; what was deferred just so is not taken again, for it is not ready.
SELECT m.id, m.state FROM messages m
WHERE m.state IN ('planned', 'deferred', 'held') AND m.state <> 'held' AND m.channel = :channel
  AND greatest(coalesce(m.not_before, 0), coalesce(m.next_attempt_at, 0)) <= :now
ORDER BY greatest(coalesce(m.not_before, 0), coalesce(m.next_attempt_at, 0)), m.id
LIMIT :limit
FOR UPDATE OF m SKIP LOCKED
