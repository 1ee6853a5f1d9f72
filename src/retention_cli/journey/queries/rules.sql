-- The caps that bind each message, with the customer's own limit, and how much of it is taken already. A rolling window is
-- open at its start; a period of the calendar begins by the customer's clock. What has not left counts in every window.
-- Nothing without: cap_wanting.
CREATE OR REPLACE TABLE cap_rules AS
WITH bound AS (
    SELECT m.message, m.person, c.*, coalesce(c.at_most, l.limits[c.cap]) AS room,
        CASE WHEN c.period IS NULL THEN w.leaves_at - to_months(c.months) - to_seconds(c.seconds) + INTERVAL 1 MICROSECOND ELSE p.starts_at END AS since
    FROM cap_matches AS m
    JOIN cap_wanting AS w ON w.message = m.message
    JOIN policy_caps AS c ON c.cap = m.cap
    LEFT JOIN asked AS a ON a.subject = w.subject
    LEFT JOIN cap_limits AS l ON l.subject = w.subject
    ASOF LEFT JOIN period_starts AS p ON p.zone = w.zone AND p.period = c.period AND p.starts_at <= w.leaves_at
    WHERE c.who IS NULL OR a.answers[c.who]
)
SELECT b.message, b.cap, b.told, b.room, count(h.message) AS taken
FROM bound AS b
LEFT JOIN cap_counted AS h ON h.person = b.person AND (h.left_at IS NULL OR h.left_at >= b.since)
    AND (b.kind IS NULL OR b.kind = h.kind) AND (b.channel IS NULL OR b.channel = h.channel) AND (b.topic IS NULL OR b.topic = h.topic)
GROUP BY b.message, b.cap, b.told, b.room
