-- The products that each message tells, by what its template asks for: each once, as many as were asked for.
-- Nothing without: recommend_wanted.
CREATE OR REPLACE TABLE recommended AS
WITH once AS (
    SELECT message, request, product_id, min(place) AS place FROM recommend_fitting GROUP BY message, request, product_id
), chosen AS (
    SELECT f.message, w.key, f.product_id, w.number,
        row_number() OVER (PARTITION BY f.message, f.request ORDER BY f.place, f.product_id) AS nth
    FROM once AS f
    JOIN recommend_wanted AS w ON w.message = f.message AND w.request = f.request
    QUALIFY nth <= w.number
), lists AS (
    SELECT c.message, c.key, '[' || string_agg(p.item, ',' ORDER BY c.nth) || ']' AS items
    FROM chosen AS c
    JOIN recommend_products AS p ON p.product_id = c.product_id
    GROUP BY c.message, c.key
)
SELECT message, string_agg(CAST(to_json(key) AS VARCHAR) || ':' || items, ',' ORDER BY key) AS told FROM lists GROUP BY message
