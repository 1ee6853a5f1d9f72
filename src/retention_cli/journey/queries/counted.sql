-- What was sent to each person or is reserved for them: by customer, and where caps go by address also by address.
-- Nothing without: cap_wanting.
CREATE OR REPLACE TABLE cap_counted AS
WITH told AS (
    SELECT h.message, h.customer_id, h.key, h.channel, coalesce(h.kind, t.kind) AS kind, h.topic,
        CASE WHEN h.state IN ('sent', 'unknown') THEN make_timestamp(h.changed_at) END AS left_at
    FROM sent_before AS h
    LEFT JOIN campaign_traits AS t ON t.campaign = h.campaign
    WHERE coalesce(h.kind, t.kind, '') <> 'transactional'
)
SELECT DISTINCT w.person, t.* FROM told AS t JOIN (SELECT DISTINCT person, customer_id FROM cap_wanting) AS w ON w.customer_id = t.customer_id
UNION
SELECT DISTINCT w.person, t.* FROM told AS t JOIN (SELECT DISTINCT person, key FROM cap_wanting) AS w ON w.key = t.key WHERE $by_address
