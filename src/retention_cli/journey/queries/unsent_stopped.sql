-- Messages that were planned earlier and have not left: stopped where the journey's exit now holds, held while their campaign
-- is off, and planned again once it is on.
SELECT u.message,
    CASE WHEN x.reason IS NOT NULL THEN 'suppressed' WHEN u.campaign IN (SELECT campaign FROM off) THEN 'held' ELSE 'planned' END,
    CASE WHEN x.reason IS NOT NULL THEN 'exit: ' || x.reason WHEN u.campaign IN (SELECT campaign FROM off) THEN 'campaign is off' ELSE 'campaign is on again' END
FROM unsent AS u
LEFT JOIN exits AS x ON x.subject = u.journey
WHERE u.state <> 'unknown' AND (x.reason IS NOT NULL
   OR (u.campaign IN (SELECT campaign FROM off) AND u.state <> 'held')
   OR (u.campaign NOT IN (SELECT campaign FROM off) AND u.state = 'held' AND u.reason = 'campaign is off'))
ORDER BY u.message
