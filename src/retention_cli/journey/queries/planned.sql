-- The messages of the tick, each with its address and, where it cannot leave, the reason. Ids follow journeys and hops, so
-- that the same frame gives the same rows.
CREATE OR REPLACE TABLE planned AS
WITH required AS (
    SELECT template, kind, list(field) AS fields FROM mail_requires GROUP BY template, kind
)
SELECT $next_message + row_number() OVER (ORDER BY w.subject, w.hop) - 1 AS message,
    w.subject, w.step, s.campaign, s.customer_id, w.channel, coalesce(t.hash, '') AS hash, coalesce(a.address, '') AS address,
    CASE
        WHEN t.hash IS NULL THEN 'no template: ' || w.template
        WHEN trim(coalesce(a.address, '')) = '' THEN 'no address'
        WHEN lower(trim(a.address)) IN (SELECT address FROM suppressed_addresses) THEN 'suppressed'
        WHEN s.customer_id IN (SELECT customer_id FROM suppressed_customers) THEN 'suppressed'
        WHEN len(list_intersect(q.fields, a.missing)) > 0
        THEN 'requires: ' || array_to_string(list_sort(list_intersect(q.fields, a.missing)), ', ')
    END AS stopped,
    '{"campaign":{"kind":"' || r.kind || '"},"customer":' || a.customer || ',"trigger":' || coalesce(s.trigger, 'null') || '}' AS context
FROM walk AS w
JOIN subjects AS s ON s.subject = w.subject
JOIN running AS r ON r.campaign = s.campaign
JOIN asked AS a ON a.subject = w.subject
LEFT JOIN mails AS t ON t.template = w.template AND t.kind = r.kind
LEFT JOIN required AS q ON q.template = w.template AND q.kind = r.kind
WHERE w.op = 'send'
