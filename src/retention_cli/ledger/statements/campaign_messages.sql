-- What became of a campaign's messages, by revision and step. A server's own words are no reason to count by: they may hold an address.
SELECT j.revision, m.step, m.state, CASE WHEN m.state IN ('suppressed', 'capped', 'expired', 'held') THEN m.reason END, count(*)
FROM messages m JOIN campaigns c ON c.id = m.campaign JOIN journeys j ON j.id = m.journey
WHERE c.name = :campaign
GROUP BY j.revision, m.step, m.state, CASE WHEN m.state IN ('suppressed', 'capped', 'expired', 'held') THEN m.reason END
ORDER BY 1, 2, 3, 4
