-- Calls to other programs stand among the messages, behind them: no address, consent, cap or quiet hour is about them. What holds
-- messages up holds calls up too.
-- Nothing without: walk.
INSERT INTO planned BY NAME
SELECT $next_message + (SELECT count(*) FROM planned) + row_number() OVER (ORDER BY w.subject, w.hop) - 1 AS message,
    w.subject, w.step, s.campaign, s.customer_id, 'call' AS channel, coalesce(t.hash, '') AS hash, st.receiver AS address,
    CASE WHEN t.hash IS NULL OR d.channel IS NULL THEN 'no receiver: ' || st.receiver END AS refused_for,
    coalesce(refused_for, b.reason) AS stopped,
    '{"campaign":{"kind":"' || r.kind || '"},"customer":' || a.customer || ',"trigger":' || coalesce(s.trigger, 'null')
        || coalesce(',"with":' || st.with_text, '') || '}' AS context,
    CASE WHEN refused_for IS NULL AND b.reason IS NOT NULL THEN 'held' ELSE 'suppressed' END AS state,
    'transactional' AS kind, st.receiver AS key, a.zone,
    least(make_timestamp($as_of) + to_months(st.expires_months) + to_seconds(st.expires_seconds), e.ends_at) AS not_after
FROM walk AS w
JOIN subjects AS s ON s.subject = w.subject
JOIN running AS r ON r.campaign = s.campaign
JOIN asked AS a ON a.subject = w.subject
JOIN program_steps AS st ON st.revision = w.revision AND st.step = w.step
LEFT JOIN mail_hashes AS t ON t.template = st.template AND t.kind = r.kind AND t.subject_line = coalesce(st.subject_line, '')
LEFT JOIN delivered AS d ON d.channel = 'call:' || st.receiver
LEFT JOIN held_subjects AS b ON b.subject = w.subject
LEFT JOIN deadlines AS e ON e.subject = w.subject
WHERE w.op = 'call'
