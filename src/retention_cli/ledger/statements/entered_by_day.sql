-- How many entered a campaign on each day with any, of the journeys that began since then. A day is 24 hours back from now.
SELECT campaign, (:now - entered_at) / 86400000000 AS day, count(*)
FROM journeys WHERE entered_at > :since GROUP BY campaign, (:now - entered_at) / 86400000000
