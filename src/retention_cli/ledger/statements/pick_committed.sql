-- What a sender has committed and not let go, and what a gate that has closed meanwhile would make of each.
SELECT m.id,
       CASE
           WHEN m.not_after <= :now THEN 'expired'
           WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.address = m.address_key AND s.channel = m.channel AND s.lifted_at IS NULL)
             OR EXISTS (SELECT 1 FROM suppressions s WHERE s.customer = m.customer AND s.channel = m.channel AND s.lifted_at IS NULL)
           THEN 'suppressed'
           WHEN m.open_until <= :now THEN 'held'
       END
FROM messages m
WHERE m.id IN :ids AND m.claimed_by = :sender AND m.state = 'committing'
ORDER BY m.id /*+postgresql FOR UPDATE OF m */
