-- Which way customers were drawn before; a pair without one is not told.
SELECT a.experiment, a.customer, a.path
FROM (SELECT w.value ->> 0 AS experiment, w.value ->> 1 AS customer FROM json_each(:pairs) AS w) p
JOIN assignments a ON a.experiment = p.experiment AND a.customer = p.customer
