-- Every value that a kept field ever had up to an instant, oldest first.
SELECT customer, field, tag, value, at FROM customer_fields WHERE at <= :until ORDER BY at, run, customer, field, tag
