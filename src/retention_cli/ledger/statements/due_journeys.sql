-- Whom a tick advances. (+id: sorted afterwards; else SQLite walks the whole table in the order of its key.)
SELECT id, campaign, customer, occurrence, revision, step, entered_at, due_at, trigger, until_at, deadline_at
FROM journeys
WHERE state = 'open' AND due_at <= :as_of
ORDER BY +id
