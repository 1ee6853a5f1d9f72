-- The revisions of a campaign, the newest first, with the moment as of which each first ran.
SELECT r.id, r.fingerprint, u.as_of
FROM revisions r JOIN campaigns c ON c.id = r.campaign LEFT JOIN runs u ON u.id = r.run
WHERE c.name = :campaign
ORDER BY r.id DESC
