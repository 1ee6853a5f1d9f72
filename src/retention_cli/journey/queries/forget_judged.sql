-- An occurrence is judged once: what became a journey or got a verdict before is out.
-- Nothing without: candidates.
DELETE FROM candidates
WHERE EXISTS (
    SELECT 1 FROM judged
    WHERE judged.campaign = candidates.campaign AND judged.customer_id = candidates.customer_id AND judged.occurrence = candidates.occurrence
)
