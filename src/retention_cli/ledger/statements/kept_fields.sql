-- The last value of every kept field up to an instant; of two runs as of one instant the later wins.
SELECT f.customer, f.field, f.tag, f.value
FROM customer_fields f
WHERE f.at <= :until AND NOT EXISTS (
    SELECT 1 FROM customer_fields l
    WHERE l.customer = f.customer AND l.field = f.field AND l.tag = f.tag AND l.at <= :until
      AND (l.at > f.at OR (l.at = f.at AND l.run > f.run))
)
ORDER BY f.customer, f.field, f.tag
