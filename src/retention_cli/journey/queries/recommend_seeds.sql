-- What each message is about: the products of its trigger; where it has none, those of the customer's last order.
-- Nothing without: recommend_wanted.
CREATE OR REPLACE TABLE recommend_seeds AS
WITH told AS (
    SELECT DISTINCT message, customer_id, list_filter(
        list_append(CAST(json_extract_string(trigger, '$.items[*].product_id') AS VARCHAR[]), json_extract_string(trigger, '/product_id')),
        lambda id: id IS NOT NULL) AS products
    FROM recommend_wanted
), last_orders AS (
    SELECT b.customer_id, max(b.at) AS at
    FROM recommend_bought AS b
    WHERE b.at <= make_timestamp($as_of) AND b.customer_id IN (SELECT customer_id FROM told WHERE len(coalesce(products, [])) = 0)
    GROUP BY b.customer_id
)
SELECT DISTINCT message, unnest(products) AS product_id, true AS is_told FROM told
UNION ALL
SELECT DISTINCT t.message, b.product_id, false
FROM told AS t
JOIN last_orders AS l ON l.customer_id = t.customer_id
JOIN recommend_bought AS b ON b.customer_id = l.customer_id AND b.at = l.at
WHERE len(coalesce(t.products, [])) = 0
