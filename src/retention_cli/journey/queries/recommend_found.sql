-- Everything that fits, of every kind that is looked for: a row a message, call, tier and product, `place` from 1 on.
-- Nothing without: recommend_tiers.
CREATE OR REPLACE TABLE recommend_found AS
WITH best AS (
    SELECT days, wanted.category AS of, t.product_id,
        row_number() OVER (PARTITION BY days, wanted.category ORDER BY sold DESC, t.product_id) AS place
    FROM recommend_there AS t
    JOIN (SELECT DISTINCT category FROM recommend_tiers WHERE kind = 'bestsellers') AS wanted ON wanted.category IN ('', t.category)
    WHERE sold > 0
), newest AS (
    SELECT days, wanted.category AS of, t.product_id,
        row_number() OVER (PARTITION BY days, wanted.category ORDER BY added_at DESC, sold DESC, t.product_id) AS place
    FROM recommend_there AS t
    JOIN (SELECT DISTINCT category FROM recommend_tiers WHERE kind = 'new_arrivals') AS wanted ON wanted.category IN ('', t.category)
    WHERE added_at <= make_timestamp($as_of)
), in_category AS (
    SELECT days, category, product_id, row_number() OVER (PARTITION BY days, category ORDER BY sold DESC, product_id) AS place
    FROM recommend_there
    WHERE category IS NOT NULL
), looks AS (
    SELECT v.customer_id, v.product_id, max(v.at) AS at
    FROM recommend_viewed AS v
    WHERE v.customer_id IN (SELECT customer_id FROM recommend_wanted)
        AND v.at > make_timestamp($as_of) - INTERVAL 90 DAY AND v.at <= make_timestamp($as_of)
    GROUP BY v.customer_id, v.product_id
), favourites AS (
    SELECT customer_id, arg_max(category, (weight, category)) AS category
    FROM (
        SELECT f.customer_id, p.category, sum(f.weight) AS weight
        FROM (SELECT customer_id, product_id, times * 5 AS weight FROM recommend_owned UNION ALL SELECT customer_id, product_id, 1 FROM looks) AS f
        JOIN recommend_products AS p ON p.product_id = f.product_id
        WHERE p.category IS NOT NULL
        GROUP BY f.customer_id, p.category
    )
    GROUP BY customer_id
), baskets AS (
    SELECT s.product_id AS seed, other.product_id, count(DISTINCT other.order_id) AS orders
    FROM (SELECT DISTINCT product_id FROM recommend_seeds) AS s
    JOIN recommend_bought AS mine ON mine.product_id = s.product_id
        AND mine.at > make_timestamp($as_of) - INTERVAL 1 YEAR AND mine.at <= make_timestamp($as_of)
    JOIN recommend_bought AS other ON other.order_id = mine.order_id AND other.product_id <> mine.product_id
    WHERE EXISTS (SELECT 1 FROM recommend_tiers WHERE kind = 'bought_together')
    GROUP BY s.product_id, other.product_id
), pairs AS (
    SELECT * FROM baskets QUALIFY row_number() OVER (PARTITION BY seed ORDER BY orders DESC, product_id) <= 40
)
SELECT t.message, t.request, t.tier, b.product_id, b.place
FROM recommend_tiers AS t JOIN best AS b ON b.days = t.days AND b.of = t.category AND b.place <= t.room WHERE t.kind = 'bestsellers'
UNION ALL
SELECT t.message, t.request, t.tier, n.product_id, n.place
FROM recommend_tiers AS t JOIN newest AS n ON n.days = t.days AND n.of = t.category AND n.place <= t.room WHERE t.kind = 'new_arrivals'
UNION ALL
SELECT t.message, t.request, t.tier, i.product_id, i.place
FROM recommend_tiers AS t
JOIN favourites AS f ON f.customer_id = t.customer_id AND t.category IN ('', f.category)
JOIN in_category AS i ON i.days = t.days AND i.category = f.category AND i.place <= t.room
WHERE t.kind = 'favourite_category'
UNION ALL
SELECT t.message, t.request, t.tier, l.product_id, row_number() OVER (PARTITION BY t.message, t.request, t.tier ORDER BY l.at DESC, l.product_id)
FROM recommend_tiers AS t JOIN looks AS l ON l.customer_id = t.customer_id WHERE t.kind = 'recently_viewed'
UNION ALL
SELECT t.message, t.request, t.tier, p.product_id,
    row_number() OVER (PARTITION BY t.message, t.request, t.tier ORDER BY sum(p.orders) DESC, p.product_id)
FROM recommend_tiers AS t
JOIN recommend_seeds AS s ON s.message = t.message
JOIN pairs AS p ON p.seed = s.product_id
WHERE t.kind = 'bought_together'
GROUP BY t.message, t.request, t.tier, p.product_id
UNION ALL
SELECT t.message, t.request, t.tier, o.product_id,
    row_number() OVER (PARTITION BY t.message, t.request, t.tier
        ORDER BY o.at + to_days(CAST(coalesce(p.consumption_days, 3650) * o.quantity AS INTEGER)), o.times DESC, o.product_id)
FROM recommend_tiers AS t
JOIN recommend_owned AS o ON o.customer_id = t.customer_id
JOIN recommend_products AS p ON p.product_id = o.product_id
WHERE t.kind = 'replenish' AND (p.consumption_days IS NOT NULL OR o.times > 1)
UNION ALL
SELECT t.message, t.request, t.tier, u.product_id,
    row_number() OVER (PARTITION BY t.message, t.request, t.tier ORDER BY max(u.sold) DESC, min(u.price), u.product_id)
FROM recommend_tiers AS t
JOIN recommend_seeds AS s ON s.message = t.message
JOIN recommend_products AS p ON p.product_id = s.product_id
JOIN recommend_there AS u ON u.days = t.days AND u.category = p.category AND u.price > p.price * 1.1 AND u.price <= p.price * 2
WHERE t.kind = 'upsell'
GROUP BY t.message, t.request, t.tier, u.product_id
UNION ALL
SELECT t.message, t.request, t.tier, a.product_id, a.place
FROM recommend_tiers AS t
JOIN (SELECT days, product_id, row_number() OVER (PARTITION BY days ORDER BY product_id) AS place FROM recommend_there) AS a
    ON a.days = t.days AND a.place <= t.room
WHERE t.kind = 'any'
