-- How many codes each pool is asked for.
SELECT pool, count(*) FROM voucher_wanting GROUP BY pool ORDER BY pool
