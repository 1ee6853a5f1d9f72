-- What those who are written to have bought, in the last three years.
-- Nothing without: recommend_wanted.
CREATE OR REPLACE TABLE recommend_owned AS
SELECT b.customer_id, b.product_id, max(b.at) AS at, count(DISTINCT b.at) AS times, arg_max(b.quantity, b.at) AS quantity
FROM recommend_bought AS b
WHERE b.customer_id IN (SELECT customer_id FROM recommend_wanted)
    AND b.at > make_timestamp($as_of) - INTERVAL 3 YEAR AND b.at <= make_timestamp($as_of)
GROUP BY b.customer_id, b.product_id
