-- Of a campaign that too many would leave at once nobody moves.
-- Nothing without: exit_surges.
INSERT INTO beyond
SELECT s.subject, s.campaign, s.is_new
FROM movers AS m
JOIN subjects AS s ON s.subject = m.subject
WHERE s.campaign IN (SELECT campaign FROM exit_surges WHERE is_held) AND s.subject NOT IN (SELECT subject FROM beyond)
