-- Journeys that do not move on: a message of theirs is held with its journey, and not for too long already.
-- Nothing without: unsent.
CREATE OR REPLACE TABLE journeys_blocked AS
SELECT DISTINCT journey FROM unsent
WHERE state = 'held' AND holds_journey AND coalesce(not_after > $as_of, planned_at > $oldest)
