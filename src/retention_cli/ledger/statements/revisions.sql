-- Every program that a campaign ever ran: running journeys finish on theirs, goals are counted by theirs, and a campaign
-- that is edited back is the revision that it was.
SELECT id, campaign, fingerprint, program FROM revisions ORDER BY id
