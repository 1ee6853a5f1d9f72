-- What is looked for, for whom, and in which order: what was asked for, and behind it what nobody lacks, so that no block is empty.
-- Of a category everything is, but for the last resort.
-- Nothing without: recommend_wanted.
CREATE OR REPLACE TABLE recommend_tiers AS
SELECT message, customer_id, request, number + 12 AS room, category, days, trigger, kind, 0 AS tier FROM recommend_wanted
UNION ALL
SELECT w.message, w.customer_id, w.request, w.number + 12, CASE WHEN t.tier < 4 THEN w.category ELSE '' END, w.days, w.trigger, t.kind, t.tier
FROM recommend_wanted AS w
CROSS JOIN (VALUES ('favourite_category', 1), ('bestsellers', 2), ('new_arrivals', 3), ('bestsellers', 4), ('any', 5)) AS t (kind, tier)
WHERE w.kind <> t.kind OR t.tier > 3
