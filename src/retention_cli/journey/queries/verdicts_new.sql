-- Occurrences that were judged and did not enter; those that did are journeys. Whom a surge kept out may still be approved.
-- Nothing without: verdicts.
SELECT v.campaign, v.customer_id, v.occurrence, v.verdict, $as_of, CASE WHEN v.verdict = 'surge' THEN s.trigger END
FROM verdicts AS v
JOIN subjects AS s ON s.subject = v.subject
WHERE v.verdict <> 'enters'
ORDER BY v.subject
