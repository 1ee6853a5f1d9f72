-- Who was turned away from a campaign, by reason; `done` is a time of a timetable that was dealt with, and nobody.
SELECT v.verdict, count(*)
FROM verdicts v JOIN campaigns c ON c.id = v.campaign
WHERE c.name = :campaign AND v.verdict <> 'done'
GROUP BY v.verdict
ORDER BY v.verdict
