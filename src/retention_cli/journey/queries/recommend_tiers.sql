-- What is looked for, for whom, and in which order: first what was asked for; then, for those who got too few, what nobody lacks, so
-- that no block is empty. Of a category everything is, but for the last resort.
-- Nothing without: recommend_wanted.
CREATE OR REPLACE TABLE recommend_tiers AS
SELECT message, customer_id, request, number + 12 AS room, category, days, kind, 0 AS tier FROM recommend_wanted WHERE $is_first
UNION ALL
SELECT w.message, w.customer_id, w.request, w.number + 12, CASE WHEN t.tier < 4 THEN w.category ELSE '' END, w.days, t.kind, t.tier
FROM recommend_wanted AS w
LEFT JOIN (SELECT message, request, count(*) AS fitting FROM recommend_fitting GROUP BY message, request) AS f
    ON f.message = w.message AND f.request = w.request
CROSS JOIN (VALUES ('favourite_category', 1), ('bestsellers', 2), ('new_arrivals', 3), ('bestsellers', 4), ('any', 5)) AS t (kind, tier)
WHERE NOT $is_first AND coalesce(f.fitting, 0) < w.number AND (w.kind <> t.kind OR t.tier > 3)
