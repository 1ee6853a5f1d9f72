-- Who was drawn for the first time and came to where it matters.
-- Nothing without: drawn.
SELECT d.experiment, d.customer_id, arg_min(d.path, d.subject), $as_of
FROM walk AS w
JOIN drawn AS d ON d.subject = w.subject AND d.step = w.step
WHERE d.is_new
GROUP BY d.experiment, d.customer_id
ORDER BY d.experiment, d.customer_id
