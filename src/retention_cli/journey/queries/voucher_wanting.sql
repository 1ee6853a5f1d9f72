-- Messages that may leave and want a voucher: new ones, and those of earlier ticks that have none yet and that no cap holds.
-- Nothing without: planned, unsent_judged.
CREATE OR REPLACE TABLE voucher_wanting AS
SELECT p.message, st.voucher AS pool, t.priority
FROM planned AS p
JOIN subjects AS s ON s.subject = p.subject
JOIN program_steps AS st ON st.revision = s.revision AND st.step = p.step AND st.voucher IS NOT NULL
JOIN campaign_traits AS t ON t.campaign = p.campaign
WHERE p.stopped IS NULL
UNION ALL
SELECT u.message, v.pool, coalesce(u.priority, 0)
FROM unsent_judged AS u
JOIN wanted_vouchers AS v ON v.message = u.message
LEFT JOIN allotted AS a ON a.message = u.message AND a.reason IS NOT NULL
WHERE u.becomes = 'planned' AND a.message IS NULL
