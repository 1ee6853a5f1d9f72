-- Journeys that do not move on: a message of theirs is held by a cap or for want of a voucher, and not for too long already.
CREATE OR REPLACE TABLE journeys_blocked AS
SELECT DISTINCT journey FROM unsent
WHERE state = 'held' AND (reason LIKE 'capped: %' OR reason LIKE 'no voucher: %') AND coalesce(not_after > $as_of, planned_at > $oldest)
