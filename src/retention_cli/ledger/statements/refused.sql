-- Which of these messages, named by journey and step, were refused for good.
SELECT p.journey, p.step
FROM (SELECT CAST(w.value ->> 0 AS BIGINT) AS journey, w.value ->> 1 AS step FROM json_each(:pairs) AS w) p
JOIN messages m ON m.journey = p.journey AND m.step = p.step
WHERE m.state = 'refused'
