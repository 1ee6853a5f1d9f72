-- Where some customers are under way.
SELECT id, campaign, customer, occurrence, revision, step, entered_at, trigger, per, deadline_at
FROM journeys
WHERE state = 'open' AND customer IN (SELECT w.value ->> 0 FROM json_each(:customers) AS w)
ORDER BY +id
