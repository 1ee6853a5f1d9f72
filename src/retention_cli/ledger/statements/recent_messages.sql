-- What some customers, and some addresses, were sent since an instant, and what is reserved for them: what caps count. What
-- has not left counts whenever it was planned; `at` is when a message left, or may have left.
SELECT m.id, m.customer, m.address_key, m.channel, m.kind, m.topic, m.campaign, m.step, m.state, m.changed_at
FROM (
    SELECT x.id FROM json_each(:customers) AS w JOIN messages x ON x.customer = w.value ->> 0
    UNION
    SELECT x.id FROM json_each(:addresses) AS w JOIN messages x ON x.address_key = w.value ->> 0
) found
JOIN messages m ON m.id = found.id
WHERE m.state IN ('planned', 'claimed', 'committing', 'deferred') OR (m.state IN ('sent', 'unknown') AND m.changed_at >= :since)
