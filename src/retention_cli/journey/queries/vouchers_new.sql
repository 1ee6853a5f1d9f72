-- What every new message that stays wants, and the code that it gets; what a gate has stopped for good wants nothing.
-- Nothing without: planned.
SELECT p.message, st.voucher, p.customer_id, p.subject, p.step, d.code, coalesce(d.shared, 0), d.valid_until, CASE WHEN d.code IS NOT NULL THEN $as_of END
FROM planned AS p
JOIN subjects AS s ON s.subject = p.subject
JOIN program_steps AS st ON st.revision = s.revision AND st.step = p.step AND st.voucher IS NOT NULL
LEFT JOIN vouchers_dealt AS d ON d.message = p.message
WHERE p.stopped IS NULL OR p.state = 'held'
ORDER BY p.message
