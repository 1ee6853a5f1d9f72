-- Where the open journeys of a campaign stand, revision by revision.
SELECT revision, step, count(*) FROM journeys WHERE campaign = :campaign AND state = 'open' GROUP BY revision, step ORDER BY revision, step
