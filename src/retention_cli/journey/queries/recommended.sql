-- The products that each message tells, by what its template asks for: nothing that cannot be bought, nothing that it is about
-- anyway, nothing that is owned (but where it is offered again), each once, as many as were asked for.
-- Nothing without: recommend_wanted.
CREATE OR REPLACE TABLE recommended AS
WITH fitting AS (
    SELECT f.message, f.request, f.product_id, min(f.tier * 1000000 + f.place) AS place
    FROM recommend_found AS f
    JOIN recommend_wanted AS w ON w.message = f.message AND w.request = f.request
    JOIN recommend_products AS p ON p.product_id = f.product_id
    WHERE coalesce(p.stock, 1) > 0
        AND (w.category = '' OR f.tier > 3 OR p.category = w.category)
        AND NOT EXISTS (SELECT 1 FROM recommend_seeds AS s WHERE s.message = f.message AND s.product_id = f.product_id AND s.is_told)
        AND ((w.kind = 'replenish' AND f.tier = 0)
            OR NOT EXISTS (SELECT 1 FROM recommend_owned AS o WHERE o.customer_id = w.customer_id AND o.product_id = f.product_id))
    GROUP BY f.message, f.request, f.product_id
), chosen AS (
    SELECT f.*, w.key, row_number() OVER (PARTITION BY f.message, f.request ORDER BY f.place, f.product_id) AS nth, w.number
    FROM fitting AS f
    JOIN recommend_wanted AS w ON w.message = f.message AND w.request = f.request
    QUALIFY nth <= w.number
), lists AS (
    SELECT c.message, c.key, '[' || string_agg(p.item, ',' ORDER BY c.nth) || ']' AS items
    FROM chosen AS c
    JOIN recommend_products AS p ON p.product_id = c.product_id
    GROUP BY c.message, c.key
)
SELECT message, string_agg(CAST(to_json(key) AS VARCHAR) || ':' || items, ',' ORDER BY key) AS told FROM lists GROUP BY message
