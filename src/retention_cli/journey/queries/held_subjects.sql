-- Whose messages wait, though nothing speaks against them: too many would leave their campaign at once, the facts are too old for
-- an exit to be sure, or the newest export does not have the customer.
CREATE OR REPLACE TABLE held_subjects AS
SELECT s.subject,
    CASE WHEN e.is_held THEN $too_many
         WHEN p.sources IS NOT NULL THEN $too_old || ': ' || p.sources
         WHEN b.customer_id IS NOT NULL THEN $absent END AS reason
FROM subjects AS s
LEFT JOIN exit_surges AS e ON e.campaign = s.campaign
LEFT JOIN stale_programs AS p ON p.revision = s.revision
LEFT JOIN absent_customers AS b ON b.customer_id = s.customer_id
WHERE e.is_held OR p.sources IS NOT NULL OR b.customer_id IS NOT NULL
