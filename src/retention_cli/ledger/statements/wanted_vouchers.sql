-- Messages that have not left and want a voucher still: there was none for them so far, or a cap holds them.
SELECT v.message, v.pool
FROM vouchers v JOIN messages m ON m.id = v.message
WHERE v.code IS NULL AND m.state IN ('planned', 'deferred', 'held')
ORDER BY v.message
