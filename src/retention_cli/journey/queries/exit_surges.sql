-- How many open journeys of each campaign would end by what is no event, and whether that is more than may.
-- Nothing without: exits_found.
CREATE OR REPLACE TABLE exit_surges AS
SELECT s.campaign, count(*) AS journeys, coalesce(count(*) > any_value(l.most), false) AS is_held
FROM subjects AS s
JOIN (SELECT subject FROM exits_found GROUP BY subject HAVING NOT bool_or(is_sure)) AS x ON x.subject = s.subject
LEFT JOIN most_leaving AS l ON l.campaign = s.campaign
WHERE s.is_open AND NOT s.is_new
GROUP BY s.campaign
