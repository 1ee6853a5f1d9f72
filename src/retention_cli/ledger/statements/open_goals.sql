-- Journeys young enough that a goal may still be reached. (+id: see due_journeys.)
SELECT id, campaign, customer, entered_at, revision, trigger FROM journeys WHERE entered_at > :since ORDER BY +id
