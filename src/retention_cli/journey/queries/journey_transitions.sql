-- One row a journey that moved: from where, to where, and by which steps.
SELECT 'journey', s.subject, CASE WHEN s.is_new THEN NULL ELSE s.step END,
    CASE WHEN a.state = 'open' THEN a.step ELSE a.state END,
    $as_of,
    concat_ws('; ', CASE WHEN s.is_new THEN 'entered' END, path.steps, CASE WHEN r.journey IS NOT NULL THEN 'its message is released' END, a.reason)
FROM subjects AS s
JOIN arrivals AS a ON a.subject = s.subject
LEFT JOIN journeys_released AS r ON r.journey = s.subject
LEFT JOIN (
    SELECT subject, string_agg(step, ' > ' ORDER BY hop) AS steps FROM walk WHERE op IN ('send', 'if', 'split', 'update', 'start', 'call') GROUP BY subject
) AS path ON path.subject = s.subject
ORDER BY s.subject
