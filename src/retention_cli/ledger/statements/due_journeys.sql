-- Whom a tick advances.
SELECT id, campaign, customer, occurrence, revision, step, entered_at, due_at, trigger
FROM journeys
WHERE state = 'open' AND due_at <= :as_of
ORDER BY id
