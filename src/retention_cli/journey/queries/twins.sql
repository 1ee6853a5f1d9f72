-- Messages whose address got the same step of the same campaign lately, through another customer.
-- Nothing without: cap_wanting.
CREATE OR REPLACE TABLE address_twins AS
SELECT DISTINCT w.message
FROM cap_wanting AS w
JOIN sent_before AS h ON h.key = w.key AND h.channel = w.channel AND h.campaign = w.campaign AND h.step = w.step AND h.customer_id <> w.customer_id
WHERE $by_address AND (h.state NOT IN ('sent', 'unknown') OR h.changed_at >= $since)
