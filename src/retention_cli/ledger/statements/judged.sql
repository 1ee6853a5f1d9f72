-- An occurrence is judged once: it is a journey, or has a verdict.
SELECT p.customer, p.occurrence
FROM (SELECT w.value ->> 0 AS customer, w.value ->> 1 AS occurrence FROM json_each(:pairs) AS w) p
WHERE EXISTS (SELECT 1 FROM journeys j WHERE j.campaign = :campaign AND j.customer = p.customer AND j.occurrence = p.occurrence)
   OR EXISTS (SELECT 1 FROM verdicts v WHERE v.campaign = :campaign AND v.customer = p.customer AND v.occurrence = p.occurrence)
