-- Of which of these anything is recorded.
WITH asked AS (SELECT w.value ->> 0 AS customer FROM json_each(:customers) AS w)
SELECT customer FROM journeys WHERE customer IN (SELECT customer FROM asked)
UNION SELECT customer FROM verdicts WHERE customer IN (SELECT customer FROM asked)
UNION SELECT customer FROM assignments WHERE customer IN (SELECT customer FROM asked)
UNION SELECT customer FROM suppressions WHERE customer IN (SELECT customer FROM asked)
UNION SELECT customer FROM starts WHERE customer IN (SELECT customer FROM asked)
ORDER BY customer
