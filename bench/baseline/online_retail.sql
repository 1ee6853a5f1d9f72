-- The eight segments of bench/real/online_retail as one query written by hand, as of 2011-12-10 00:00 UTC.
-- Over the tool's own snapshots: {customers}, {products}, {orders} and {order_items} are paths of Parquet files.
-- Each is scanned once; a row a customer, a column a segment.
WITH order_facts AS (
    SELECT
        customer_id,
        count(*) AS orders_count,
        sum(total) AS total_spent,
        max(ordered_at) AS last_order_at
    FROM read_parquet('{orders}')
    WHERE ordered_at <= TIMESTAMP '2011-12-10'
    GROUP BY customer_id
),
item_facts AS (
    SELECT
        customer_id,
        count(*) FILTER (WHERE heart AND ordered_at > TIMESTAMP '2011-12-10' - INTERVAL 180 DAY) AS hearts_180d,
        coalesce(bool_or(christmas AND ordered_at <= TIMESTAMP '2011-12-10' - INTERVAL 300 DAY), false) AS christmas_before,
        coalesce(bool_or(christmas AND ordered_at > TIMESTAMP '2011-12-10' - INTERVAL 120 DAY), false) AS christmas_now,
        sum(quantity) FILTER (WHERE ordered_at > TIMESTAMP '2011-12-10' - INTERVAL 90 DAY) AS pieces_90d
    FROM read_parquet('{order_items}')
    LEFT JOIN (
        SELECT product_id, contains(title, 'HEART') AS heart, contains(title, 'CHRISTMAS') AS christmas
        FROM read_parquet('{products}')
    ) USING (product_id)
    WHERE ordered_at <= TIMESTAMP '2011-12-10'
    GROUP BY customer_id
)
SELECT
    customer_id,
    coalesce(orders_count >= 6 AND last_order_at > TIMESTAMP '2011-12-10' - INTERVAL 60 DAY, false) AS loyal,
    coalesce(orders_count >= 2 AND last_order_at <= TIMESTAMP '2011-12-10' - INTERVAL 90 DAY, false) AS lapsed,
    coalesce(orders_count = 1 AND last_order_at <= TIMESTAMP '2011-12-10' - INTERVAL 60 DAY, false) AS one_order,
    coalesce(total_spent >= 5000, false) AS high_value,
    coalesce(country IS DISTINCT FROM 'United Kingdom' AND total_spent / orders_count >= 400, false) AS large_baskets_abroad,
    coalesce(hearts_180d >= 5, false) AS heart_fans,
    coalesce(christmas_before AND NOT christmas_now, false) AS last_christmas_only,
    coalesce(pieces_90d >= 1000, false) AS busy_quarter
FROM read_parquet('{customers}')
LEFT JOIN order_facts USING (customer_id)
LEFT JOIN item_facts USING (customer_id)
ORDER BY customer_id
