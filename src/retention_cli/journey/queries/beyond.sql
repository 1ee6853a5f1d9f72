-- Whose messages the limit has no room for. A person's messages of one tick go together; who alone needs more than the limit
-- stands in nobody's way.
-- Nothing without: walk.
CREATE OR REPLACE TABLE beyond AS
WITH sends AS (
    SELECT s.subject, s.campaign, s.is_new, o.place, count(*) AS messages
    FROM walk AS w
    JOIN subjects AS s ON s.subject = w.subject
    JOIN campaign_order AS o ON o.campaign = s.campaign
    WHERE w.op IN ('send', 'call')
    GROUP BY ALL
),
room AS (
    SELECT subject, sum(messages) OVER (ORDER BY place, subject) AS used FROM sends WHERE messages <= $limit
)
SELECT s.subject, s.campaign, s.is_new
FROM sends AS s
LEFT JOIN room AS r ON r.subject = s.subject
WHERE r.used IS NULL OR r.used > $limit
