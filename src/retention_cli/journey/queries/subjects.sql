-- Everybody of whom something is asked: journeys that are due, journeys with a message that has not left (also of campaigns
-- that are off: the purchase still wins), and candidates, whose journey ids are settled here, so that their steps can be
-- walked in the same tick.
CREATE OR REPLACE TABLE subjects AS
SELECT journey AS subject, m.campaign, m.revision, m.customer_id, make_timestamp(m.entered_at) AS entered_at, m.trigger, m.step,
       m.is_due AND r.campaign IS NOT NULL AS is_due, m.is_open, false AS is_new, NULL AS occurrence, '' AS per
FROM moving AS m
LEFT JOIN running AS r ON r.campaign = m.campaign
WHERE r.campaign IS NOT NULL OR m.journey IN (SELECT journey FROM unsent)
UNION ALL
SELECT $next_journey + row_number() OVER (ORDER BY c.campaign, c.entered_at, c.customer_id, c.occurrence) - 1,
       c.campaign, r.revision, c.customer_id, c.entered_at, c.facts, NULL, false, true, true, c.occurrence, c.per
FROM candidates AS c
JOIN running AS r ON r.campaign = c.campaign
