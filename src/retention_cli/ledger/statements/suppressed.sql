-- Whom nothing is sent on a channel; and who was written to at an address that is suppressed for another reason than that it
-- does not exist (`listed`: also what only the shop's own file says): a new address does not take back what was said from the old one. (CROSS JOIN: else SQLite reads all messages.)
SELECT s.address, s.customer FROM suppressions s
WHERE s.channel = :channel AND s.lifted_at IS NULL AND (:listed = 1 OR s.source <> 'file')
UNION ALL
SELECT NULL, m.customer
FROM suppressions s CROSS JOIN messages m
WHERE m.address_key = s.address AND m.channel = s.channel AND s.channel = :channel AND s.lifted_at IS NULL AND s.reason <> 'hard_bounce'
  AND (:listed = 1 OR s.source <> 'file')
