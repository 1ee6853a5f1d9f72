-- What was sent, and what came back of it, up to an instant: for conditions about mail. A message of unknown fate counts as sent,
-- as it does for caps: it was, in all likelihood.
SELECT m.customer, m.channel || '_sent', m.changed_at, m.id, c.name, m.step, j.revision, m.channel, '{}', m.variant
FROM messages m JOIN campaigns c ON c.id = m.campaign JOIN journeys j ON j.id = m.journey
WHERE m.state IN ('sent', 'unknown') AND m.channel <> 'call' AND m.changed_at <= :until
UNION ALL
SELECT e.customer, e.event, e.at, e.message, c.name, m.step, j.revision, m.channel, e.data, m.variant
FROM events e LEFT JOIN messages m ON m.id = e.message LEFT JOIN campaigns c ON c.id = m.campaign LEFT JOIN journeys j ON j.id = m.journey
WHERE e.at <= :until
