-- Messages that were planned earlier and have not left, where something becomes of them: stopped, held for another reason, or
-- planned again.
-- Nothing without: unsent_settled.
SELECT message, becomes, why FROM unsent_settled
WHERE becomes <> state OR (becomes = 'held' AND why IS DISTINCT FROM reason AND why IS NOT NULL)
ORDER BY message
