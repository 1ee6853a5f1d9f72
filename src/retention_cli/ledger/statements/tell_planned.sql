-- The history of a run's new messages begins: each was planned.
INSERT INTO transitions (run, subject, subject_id, to_state, at)
SELECT run, 'message', id, 'planned', planned_at
FROM messages
WHERE run = :run AND id >= :first
ORDER BY id
