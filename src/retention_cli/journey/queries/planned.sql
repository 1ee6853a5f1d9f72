-- The messages of the tick, each with its address and, where it cannot leave, the reason; `consent` is what tells of theirs. Ids follow
-- journeys and hops, so that the same frame gives the same rows. `wanted_at` is a message's own time, where it has one.
CREATE OR REPLACE TABLE planned AS
WITH required AS (
    SELECT template, kind, list(field) AS fields FROM mail_requires GROUP BY template, kind
)
SELECT $next_message + row_number() OVER (ORDER BY w.subject, w.hop) - 1 AS message,
    w.subject, w.step, s.campaign, s.customer_id, w.channel, coalesce(t.hash, '') AS hash, coalesce(d.address, '') AS address,
    CASE
        WHEN t.hash IS NULL THEN 'no template: ' || w.template
        WHEN d.key IS NULL THEN 'no address'
        WHEN d.key IN (SELECT address FROM suppressed_addresses) THEN 'suppressed'
        WHEN s.customer_id IN (SELECT customer_id FROM suppressed_customers) THEN 'suppressed'
        WHEN r.kind <> 'transactional' AND c.question IS NOT NULL AND NOT a.answers[c.question] THEN 'no consent'
        WHEN len(list_intersect(q.fields, a.missing)) > 0
        THEN 'requires: ' || array_to_string(list_sort(list_intersect(q.fields, a.missing)), ', ')
    END AS stopped,
    '{"campaign":{"kind":"' || r.kind || '"},"customer":' || a.customer || ',"trigger":' || coalesce(s.trigger, 'null') || '}' AS context,
    'suppressed' AS state,
    c.told || CASE WHEN c.is_change THEN coalesce(', changed ' || strftime(h.changes[c.place], '%Y-%m-%dT%H:%M:%SZ'), ', nothing said') ELSE '' END AS consent,
    r.kind, i.topic, coalesce(d.key, '') AS key, a.zone, CAST(NULL AS TIMESTAMP) AS wanted_at
FROM walk AS w
JOIN subjects AS s ON s.subject = w.subject
JOIN running AS r ON r.campaign = s.campaign
JOIN campaign_traits AS i ON i.campaign = s.campaign
JOIN asked AS a ON a.subject = w.subject
LEFT JOIN subject_addresses AS d ON d.subject = w.subject AND d.channel = w.channel
LEFT JOIN consent_questions AS c ON c.channel = w.channel AND c.topic IS NOT DISTINCT FROM i.topic
LEFT JOIN consent_changes AS h ON h.subject = w.subject
LEFT JOIN mails AS t ON t.template = w.template AND t.kind = r.kind
LEFT JOIN required AS q ON q.template = w.template AND q.kind = r.kind
WHERE w.op = 'send'
