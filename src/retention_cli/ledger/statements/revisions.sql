-- A running journey finishes on the revision that it entered; all others are history.
SELECT id, campaign, fingerprint, program
FROM revisions
WHERE id IN (SELECT max(id) FROM revisions GROUP BY campaign)
   OR id IN (SELECT revision FROM journeys WHERE state = 'open')
ORDER BY id
