-- Which caps each message counts toward, by what the message is.
CREATE OR REPLACE TABLE matches AS
SELECT w.message, w.person, c.cap
FROM wanting AS w
JOIN caps AS c ON (c.kind IS NULL OR c.kind = w.kind) AND (c.channel IS NULL OR c.channel = w.channel) AND (c.topic IS NULL OR c.topic = w.topic)
