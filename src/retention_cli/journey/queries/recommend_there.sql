-- Products that can be bought now, with how many pieces were in each span of days that is asked for.
-- Nothing without: recommend_wanted.
CREATE OR REPLACE TABLE recommend_there AS
SELECT d.days, p.product_id, any_value(p.category) AS category, any_value(p.price) AS price, any_value(p.added_at) AS added_at,
    coalesce(sum(b.quantity), 0) AS sold
FROM (SELECT DISTINCT days FROM recommend_wanted) AS d
CROSS JOIN recommend_products AS p
LEFT JOIN recommend_bought AS b ON b.product_id = p.product_id
    AND b.at > make_timestamp($as_of) - to_days(CAST(d.days AS INTEGER)) AND b.at <= make_timestamp($as_of)
WHERE coalesce(p.stock, 1) > 0
GROUP BY d.days, p.product_id
