-- Who gets which code: the higher priority first, then whoever was planned first; the codes in the order of their file.
-- Nothing without: voucher_wanting.
CREATE OR REPLACE TABLE vouchers_dealt AS
SELECT w.message, w.pool, c.code, c.shared, c.valid_until
FROM (SELECT *, row_number() OVER (PARTITION BY pool ORDER BY priority DESC, message) AS turn FROM voucher_wanting) AS w
JOIN voucher_codes AS c ON c.pool = w.pool AND (c.shared = 1 OR c.turn = w.turn)
