-- Occurrences that were judged and did not enter; those that did are journeys.
SELECT campaign, customer_id, occurrence, verdict, $as_of FROM verdicts WHERE verdict <> 'enters' ORDER BY subject
