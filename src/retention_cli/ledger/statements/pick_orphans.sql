-- What dead senders held.
SELECT m.id, m.state, m.attempts, m.claimed_by FROM messages m
WHERE m.state IN ('claimed', 'committing') AND m.claimed_by IN :dead
ORDER BY m.id /*+postgresql FOR UPDATE OF m */
