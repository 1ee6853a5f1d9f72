-- Messages of earlier ticks that get their code now.
-- Nothing without: vouchers_dealt.
SELECT d.message, d.code, d.shared, d.valid_until, $as_of
FROM vouchers_dealt AS d
JOIN unsent_judged AS u ON u.message = d.message
ORDER BY d.message
