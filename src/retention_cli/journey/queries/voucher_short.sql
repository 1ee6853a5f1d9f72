-- Who wants a code and gets none.
-- Nothing without: voucher_wanting.
CREATE OR REPLACE TABLE voucher_short AS
SELECT w.message, 'no voucher: ' || w.pool AS reason
FROM voucher_wanting AS w
ANTI JOIN vouchers_dealt AS d ON d.message = w.message
