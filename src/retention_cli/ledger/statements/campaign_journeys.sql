-- Where the journeys of a campaign stand, or why they ended, by revision.
SELECT j.revision, j.state, CASE WHEN j.state = 'open' THEN j.step END, j.reason, count(*)
FROM journeys j JOIN campaigns c ON c.id = j.campaign
WHERE c.name = :campaign
GROUP BY j.revision, j.state, CASE WHEN j.state = 'open' THEN j.step END, j.reason
ORDER BY 1, 2, 3, 4
