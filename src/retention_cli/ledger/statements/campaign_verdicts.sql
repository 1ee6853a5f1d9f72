-- Who was turned away from a campaign, by reason.
SELECT v.verdict, count(*)
FROM verdicts v JOIN campaigns c ON c.id = v.campaign
WHERE c.name = :campaign
GROUP BY v.verdict
ORDER BY v.verdict
