-- The last of a campaign's occasions, of one customer or of anybody.
SELECT customer_id, holds_at, facts FROM trial_occurrences
WHERE $customer IS NULL OR customer_id = $customer
ORDER BY holds_at DESC, customer_id, occurrence LIMIT 1
