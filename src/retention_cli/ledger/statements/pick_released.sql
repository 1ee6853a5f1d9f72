-- Messages that a sender took and gives back untouched.
SELECT m.id, m.changed_at FROM messages m
WHERE m.id IN :ids AND m.claimed_by = :sender AND m.state = 'claimed'
ORDER BY m.id /*+postgresql FOR UPDATE OF m */
