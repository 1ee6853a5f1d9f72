-- Which caps each message counts toward, by what the message is.
-- Nothing without: cap_wanting.
CREATE OR REPLACE TABLE cap_matches AS
SELECT w.message, w.person, c.cap
FROM cap_wanting AS w
JOIN policy_caps AS c ON (c.kind IS NULL OR c.kind = w.kind) AND (c.channel IS NULL OR c.channel = w.channel) AND (c.topic IS NULL OR c.topic = w.topic)
