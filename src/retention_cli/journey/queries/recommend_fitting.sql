-- Of what was found what may be told: nothing that cannot be bought, nothing that the message is about anyway, nothing that is
-- owned (but where it is offered again).
-- Nothing without: recommend_found.
INSERT INTO recommend_fitting
WITH candidates AS (
    SELECT f.message, f.request, f.product_id, min(f.tier * 1000000 + f.place) AS place
    FROM recommend_found AS f
    JOIN recommend_products AS p ON p.product_id = f.product_id
    JOIN recommend_wanted AS w ON w.message = f.message AND w.request = f.request
    WHERE coalesce(p.stock, 1) > 0 AND (w.category = '' OR f.tier > 3 OR p.category = w.category)
    GROUP BY f.message, f.request, f.product_id
)
SELECT c.message, c.request, c.product_id, c.place
FROM candidates AS c
JOIN recommend_wanted AS w ON w.message = c.message AND w.request = c.request
WHERE NOT EXISTS (SELECT 1 FROM recommend_seeds AS s WHERE s.message = c.message AND s.product_id = c.product_id AND s.is_told)
    AND ((w.kind = 'replenish' AND c.place < 1000000)
        OR NOT EXISTS (SELECT 1 FROM recommend_owned AS o WHERE o.customer_id = w.customer_id AND o.product_id = c.product_id))
