-- Journeys whose message was held with them and is held no more: their wait begins anew, so that two messages never leave
-- together because one had to wait.
-- Nothing without: unsent_settled.
CREATE OR REPLACE TABLE journeys_released AS
SELECT DISTINCT u.journey, j.journey_step AS step, e.due_at, e.until_at
FROM unsent_settled AS u
JOIN unsent AS j ON j.message = u.message AND j.is_open
JOIN subjects AS s ON s.subject = u.journey
JOIN asked AS a ON a.subject = u.journey
JOIN step_ends AS e ON e.revision = s.revision AND e.step = j.journey_step AND e.zone = a.zone
WHERE u.becomes = 'planned' AND j.state = 'held' AND j.holds_journey AND u.journey NOT IN (SELECT subject FROM arrivals)
