-- The messages of the tick, each with its address and, where it cannot leave, the reason. Ids follow journeys and hops, so
-- that the same frame gives the same rows.
CREATE OR REPLACE TABLE planned AS
WITH required AS (
    SELECT template, kind, subject_line, list(field) AS fields FROM mail_requires GROUP BY template, kind, subject_line
)
SELECT $next_message + row_number() OVER (ORDER BY w.subject, w.hop) - 1 AS message,
    w.subject, w.step, s.campaign, s.customer_id, w.channel, coalesce(t.hash, '') AS hash, w.address,
    CASE
        WHEN t.hash IS NULL THEN 'no template: ' || w.template
        WHEN NOT w.is_delivered THEN 'no channel: ' || w.channel
        WHEN trim(w.address) = '' THEN 'no address'
        WHEN w.is_suppressed THEN 'suppressed'
        WHEN len(list_intersect(q.fields, a.missing)) > 0
        THEN 'requires: ' || array_to_string(list_sort(list_intersect(q.fields, a.missing)), ', ')
    END AS stopped,
    '{"campaign":{"kind":"' || r.kind || '"},"customer":' || a.customer || ',"trigger":' || coalesce(s.trigger, 'null')
        || coalesce(',"with":' || w.with_text, '')
        || coalesce(',"deadline":"' || strftime(w.deadline_wall, '%Y-%m-%dT%H:%M:%S') || printf('%s%02d:%02d',
            CASE WHEN w.deadline_wall < w.deadline THEN '-' ELSE '+' END,
            CAST(abs(epoch(w.deadline_wall) - epoch(w.deadline)) // 3600 AS INTEGER),
            CAST(abs(epoch(w.deadline_wall) - epoch(w.deadline)) // 60 % 60 AS INTEGER)) || '"', '')
        || '}' AS context,
    w.wanted_at, w.not_after, w.variant
FROM departing AS w
JOIN subjects AS s ON s.subject = w.subject
JOIN running AS r ON r.campaign = s.campaign
JOIN asked AS a ON a.subject = w.subject
LEFT JOIN mail_hashes AS t ON t.template = w.template AND t.kind = r.kind AND t.subject_line = coalesce(w.subject_line, '')
LEFT JOIN required AS q ON q.template = w.template AND q.kind = r.kind AND q.subject_line = coalesce(w.subject_line, '')
