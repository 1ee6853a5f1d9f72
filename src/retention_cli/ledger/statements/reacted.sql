-- Which of these messages, named by journey and step, was opened or clicked by a person. Machines that fetch pictures and
-- follow links ahead are told apart by the caller.
SELECT p.journey, p.step, e.data
FROM (SELECT CAST(w.value ->> 0 AS BIGINT) AS journey, w.value ->> 1 AS step FROM json_each(:pairs) AS w) p
JOIN messages m ON m.journey = p.journey AND m.step = p.step
JOIN events e ON e.message = m.id
WHERE e.at <= :until AND e.event IN :events
