-- The next messages that may leave, and what becomes of each: claimed, or stopped by a gate. Found by the index
-- messages_waiting, which orders by the moment from which a message may leave; no other writer runs beside this one.
SELECT m.id, m.state,
       CASE
           WHEN m.not_after <= :now THEN 'expired'
           WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.address = m.address_key AND s.channel = m.channel AND s.lifted_at IS NULL)
             OR EXISTS (SELECT 1 FROM suppressions s WHERE s.customer = m.customer AND s.channel = m.channel AND s.lifted_at IS NULL)
           THEN 'suppressed'
           WHEN m.open_until <= :now THEN 'held'
           ELSE 'claimed'
       END,
       m.journey, c.name, m.customer, j.occurrence, m.step, m.channel, m.address, m.template, m.context, m.context_index,
       m.attempts, m.planned_at, m.not_before, m.not_after, m.open_until, v.code, v.valid_until
FROM messages m JOIN journeys j ON j.id = m.journey JOIN campaigns c ON c.id = m.campaign LEFT JOIN vouchers v ON v.message = m.id
WHERE m.state IN ('planned', 'deferred', 'held') AND m.state <> 'held' AND m.channel = :channel
  AND max(coalesce(m.not_before, 0), coalesce(m.next_attempt_at, 0)) <= :now
ORDER BY max(coalesce(m.not_before, 0), coalesce(m.next_attempt_at, 0)), m.id
LIMIT :limit
