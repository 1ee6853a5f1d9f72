-- Messages of earlier ticks get their codes. (CAST: JSON knows one kind of number.)
UPDATE vouchers
SET code = w.value ->> 1, shared = CAST(w.value ->> 2 AS INTEGER), valid_until = w.value ->> 3, at = CAST(w.value ->> 4 AS BIGINT)
FROM json_each(:rows) AS w
WHERE vouchers.message = CAST(w.value ->> 0 AS BIGINT) AND vouchers.code IS NULL
