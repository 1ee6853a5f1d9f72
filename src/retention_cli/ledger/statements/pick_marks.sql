-- Which of a sender's marks may be made, and what becomes of each: the gates are asked once more right before a message
-- is committed.
SELECT m.id, m.state,
       CASE
           WHEN w.to_state <> 'committing' THEN w.to_state
           WHEN m.not_after <= w.at THEN 'expired'
           WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.address = m.address_key AND s.channel = m.channel AND s.lifted_at IS NULL)
             OR EXISTS (SELECT 1 FROM suppressions s WHERE s.customer = m.customer AND s.channel = m.channel AND s.lifted_at IS NULL)
           THEN 'suppressed'
           WHEN m.open_until <= w.at THEN 'held'
           ELSE w.to_state
       END
FROM (
    SELECT CAST(w.value ->> 0 AS BIGINT) AS id, w.value ->> 1 AS to_state, CAST(w.value ->> 2 AS BIGINT) AS at FROM json_each(:marks) AS w
) w
JOIN messages m ON m.id = w.id
WHERE m.claimed_by = :sender AND m.state || ' ' || w.to_state IN :allowed
ORDER BY m.id /*+postgresql FOR UPDATE OF m */
