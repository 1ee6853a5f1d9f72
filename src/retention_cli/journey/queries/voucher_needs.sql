-- How many codes each pool is asked for.
-- Nothing without: voucher_wanting.
SELECT pool, count(*) FROM voucher_wanting GROUP BY pool ORDER BY pool
