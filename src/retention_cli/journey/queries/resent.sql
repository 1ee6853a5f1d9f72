-- Messages of unknown fate that their step lets leave once more, unless their journey is over by an exit or their campaign is off.
-- Nothing without: unsure.
SELECT u.message
FROM unsure AS u
JOIN subjects AS s ON s.subject = u.journey
JOIN running AS r ON r.campaign = s.campaign
JOIN program_steps AS st ON st.revision = s.revision AND st.step = u.step AND st.resends
LEFT JOIN exits AS x ON x.subject = u.journey
WHERE x.subject IS NULL
ORDER BY u.message
