-- The messages of the tick, each with its address and, where it cannot leave, the reason; `consent` is what tells of theirs. Ids follow
-- journeys and hops, so that the same frame gives the same rows. `wanted_at` is a message's own time, where it has one.
-- Nothing without: departing.
CREATE OR REPLACE TABLE planned AS
WITH required AS (
    SELECT template, kind, subject_line, list(field) AS fields FROM mail_requires GROUP BY template, kind, subject_line
)
SELECT $next_message + row_number() OVER (ORDER BY w.subject, w.hop) - 1 AS message,
    w.subject, w.step, s.campaign, s.customer_id, w.channel, coalesce(t.hash, '') AS hash, w.address,
    CASE
        WHEN t.hash IS NULL THEN 'no template: ' || w.template
        WHEN NOT w.is_delivered THEN 'no channel: ' || w.channel
        WHEN w.key = '' THEN 'no address'
        WHEN w.is_suppressed THEN 'suppressed'
        WHEN w.is_refused THEN 'no consent'
        WHEN len(list_intersect(q.fields, a.missing)) > 0
        THEN 'requires: ' || array_to_string(list_sort(list_intersect(q.fields, a.missing)), ', ')
    END AS refused_for,
    coalesce(refused_for, b.reason) AS stopped,
    '{"campaign":{"kind":"' || r.kind || '"},"customer":' || a.customer || ',"trigger":' || coalesce(s.trigger, 'null')
        || coalesce(',"with":' || w.with_text, '')
        || coalesce(',"deadline":"' || strftime(w.deadline_wall, '%Y-%m-%dT%H:%M:%S') || printf('%s%02d:%02d',
            CASE WHEN w.deadline_wall < w.deadline THEN '-' ELSE '+' END,
            CAST(abs(epoch(w.deadline_wall) - epoch(w.deadline)) // 3600 AS INTEGER),
            CAST(abs(epoch(w.deadline_wall) - epoch(w.deadline)) // 60 % 60 AS INTEGER)) || '"', '')
        || '}' AS context,
    CASE WHEN refused_for IS NULL AND b.reason IS NOT NULL THEN 'held' ELSE 'suppressed' END AS state,
    c.told || CASE WHEN c.is_change THEN coalesce(', changed ' || strftime(h.changes[c.place], '%Y-%m-%dT%H:%M:%SZ'), ', nothing said') ELSE '' END AS consent,
    r.kind, i.topic, w.key, a.zone, w.wanted_at, w.not_after, w.variant
FROM departing AS w
JOIN subjects AS s ON s.subject = w.subject
JOIN running AS r ON r.campaign = s.campaign
JOIN campaign_traits AS i ON i.campaign = s.campaign
JOIN asked AS a ON a.subject = w.subject
LEFT JOIN consent_questions AS c ON c.channel = w.channel AND c.topic IS NOT DISTINCT FROM i.topic
LEFT JOIN consent_changes AS h ON h.subject = w.subject
LEFT JOIN mail_hashes AS t ON t.template = w.template AND t.kind = r.kind AND t.subject_line = coalesce(w.subject_line, '')
LEFT JOIN held_subjects AS b ON b.subject = w.subject
LEFT JOIN required AS q ON q.template = w.template AND q.kind = r.kind AND q.subject_line = coalesce(w.subject_line, '')
