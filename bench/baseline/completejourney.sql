-- The eight segments of bench/real/completejourney as one query written by hand, as of 2018-01-02 00:00 UTC.
-- Over the tool's own snapshots: {customers}, {products}, {orders}, {order_items} and {redemptions} are paths of Parquet files.
-- Each is scanned once, and the orders once more for the one sequence; a row a customer, a column a segment.
WITH order_facts AS (
    SELECT
        customer_id,
        count(*) AS orders_count,
        sum(total) AS total_spent,
        max(ordered_at) AS last_order_at,
        count(*) FILTER (WHERE ordered_at > TIMESTAMP '2018-01-02' - INTERVAL 90 DAY) AS orders_90d
    FROM read_parquet('{orders}')
    WHERE ordered_at <= TIMESTAMP '2018-01-02'
    GROUP BY customer_id
),
item_facts AS (
    SELECT
        customer_id,
        count(*) FILTER (WHERE wine) AS wines,
        count(*) FILTER (WHERE baby AND ordered_at > TIMESTAMP '2018-01-02' - INTERVAL 180 DAY) AS baby_180d,
        count(*) FILTER (WHERE produce AND ordered_at > TIMESTAMP '2018-01-02' - INTERVAL 180 DAY) AS produce_180d,
        sum(amount) FILTER (WHERE own_label AND ordered_at > TIMESTAMP '2017-01-02') AS own_label_1y
    FROM read_parquet('{order_items}')
    JOIN (
        SELECT
            product_id,
            category IN ('DOMESTIC WINE', 'IMPORTED WINE', 'MISC WINE') AS wine,
            category IN ('BABY FOODS', 'BABYFOOD', 'BABY HBC', 'DIAPERS & DISPOSABLES') AS baby,
            department = 'PRODUCE' AS produce,
            brand = 'Private' AS own_label
        FROM read_parquet('{products}')
        WHERE category IN ('DOMESTIC WINE', 'IMPORTED WINE', 'MISC WINE', 'BABY FOODS', 'BABYFOOD', 'BABY HBC', 'DIAPERS & DISPOSABLES')
            OR department = 'PRODUCE' OR brand = 'Private'
    ) USING (product_id)
    WHERE ordered_at <= TIMESTAMP '2018-01-02'
    GROUP BY customer_id
),
pauses AS (
    SELECT DISTINCT customer_id
    FROM (
        SELECT customer_id, ordered_at, lead(ordered_at) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS next_at
        FROM read_parquet('{orders}')
        WHERE ordered_at <= TIMESTAMP '2018-01-02' AND ordered_at > TIMESTAMP '2018-01-02' - INTERVAL 180 DAY
    )
    WHERE ordered_at <= TIMESTAMP '2018-01-02' - INTERVAL 21 DAY AND (next_at IS NULL OR next_at > ordered_at + INTERVAL 21 DAY)
),
redeemers AS (
    SELECT DISTINCT customer_id
    FROM read_parquet('{redemptions}')
    WHERE redeemed_at <= TIMESTAMP '2018-01-02' AND redeemed_at > TIMESTAMP '2017-01-02'
)
SELECT
    customer_id,
    coalesce(orders_90d >= 12, false) AS weekly_regulars,
    coalesce(orders_count >= 5 AND last_order_at <= TIMESTAMP '2018-01-02' - INTERVAL 30 DAY, false) AS lapsed,
    coalesce(total_spent >= 4000, false) AS high_value,
    coalesce(wines >= 5, false) AS wine_lovers,
    coalesce(baby_180d >= 3, false) OR coalesce(kids_count = '3+', false) AS young_families,
    coalesce(produce_180d >= 100, false) AS fresh_shoppers,
    coalesce(own_label_1y >= 800, false) AS own_label_buyers,
    redeemers.customer_id IS NOT NULL AND pauses.customer_id IS NOT NULL AS coupon_users_pausing
FROM read_parquet('{customers}') AS customers
LEFT JOIN order_facts USING (customer_id)
LEFT JOIN item_facts USING (customer_id)
LEFT JOIN pauses USING (customer_id)
LEFT JOIN redeemers USING (customer_id)
ORDER BY customer_id
