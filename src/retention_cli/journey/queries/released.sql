-- Journeys whose message a cap held and holds no more: their wait begins anew, so that two messages never leave together
-- because of a cap.
CREATE OR REPLACE TABLE journeys_released AS
SELECT DISTINCT u.journey, j.journey_step AS step, p.due_at
FROM unsent_settled AS u
JOIN unsent AS j ON j.message = u.message AND j.is_open
JOIN subjects AS s ON s.subject = u.journey
JOIN program_steps AS p ON p.revision = s.revision AND p.step = j.journey_step AND p.op = 'wait'
WHERE u.becomes = 'planned' AND u.held_for = 'capped' AND u.journey NOT IN (SELECT subject FROM arrivals)
