WITH orders_facts AS (
  SELECT
    orders.customer_id,
    COUNT(*) AS count_order,
    MAX(orders.ordered_at) AS last_order_at,
    SUM(orders.total) AS total_spent,
    COUNT(orders.total) AS known_total_order,
    COUNT(*) FILTER(WHERE
      COALESCE(orders.coupon <> '', FALSE)) AS count_order_coupon_present
  FROM orders
  WHERE
    orders.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
  GROUP BY
    orders.customer_id
), order_items_facts AS (
  WITH products_flags AS MATERIALIZED (
    SELECT
      products.product_id,
      COALESCE(products.brand = 'Apple', FALSE) AS fits_1,
      COALESCE(products.category = 'Cases', FALSE) AS fits_2
    FROM products
  )
  SELECT
    order_items.customer_id,
    COUNT(*) FILTER(WHERE
      products.fits_1
      AND order_items.ordered_at > CAST('2025-05-01 10:00:00' AS TIMESTAMP)) AS count_buy_item_brand_apple_within_1_year,
    COUNT(*) FILTER(WHERE
      products.fits_2 AND COALESCE(orders.status = 'paid', FALSE)) AS count_buy_item_category_cases_status_paid
  FROM order_items
  LEFT JOIN orders
    ON order_items.order_id = orders.order_id
  LEFT JOIN products_flags AS products
    ON order_items.product_id = products.product_id
  WHERE
    order_items.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
    AND (
      products.fits_1
      OR (
        products.fits_2 AND COALESCE(orders.status = 'paid', FALSE)
      )
    )
  GROUP BY
    order_items.customer_id
), web_facts AS (
  SELECT
    web.customer_id,
    COUNT(*) FILTER(WHERE
      web.event = 'view_item'
      AND web.occurred_at > CAST('2026-04-01 10:00:00' AS TIMESTAMP)) AS count_view_item_within_30_days
  FROM web
  WHERE
    web.occurred_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
    AND web.event IN ('view_item')
  GROUP BY
    web.customer_id
), add_to_cart_not_followed_rows AS (
  SELECT
    web.customer_id,
    web.occurred_at AS "at",
    web.event = 'add_to_cart' AS is_anchor,
    FALSE AS follows_1
  FROM web
  WHERE
    web.occurred_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
    AND web.event = 'add_to_cart'
  UNION ALL
  SELECT
    orders.customer_id,
    orders.ordered_at AS "at",
    FALSE AS is_anchor,
    TRUE AS follows_1
  FROM orders
  WHERE
    orders.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
), add_to_cart_not_followed AS (
  SELECT
    anchor.customer_id,
    anchor."at",
    anchor."at" + TO_SECONDS(86400) AS holds_at
  FROM (
    SELECT
      *,
      MIN("at") FILTER(WHERE
        follows_1) OVER (
        PARTITION BY customer_id
        ORDER BY "at"
        RANGE BETWEEN TO_MICROSECONDS(1) FOLLOWING AND TO_SECONDS(86400) FOLLOWING
      ) AS came_1
    FROM add_to_cart_not_followed_rows
  ) AS anchor
  WHERE
    anchor.is_anchor
    AND (
      anchor.came_1 IS NULL
      AND anchor."at" + TO_SECONDS(86400) <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
    )
), add_to_cart_not_followed_facts AS (
  SELECT
    happened.customer_id,
    COUNT(*) AS times
  FROM add_to_cart_not_followed AS happened
  GROUP BY
    happened.customer_id
), order_gaps AS (
  SELECT
    customer_id,
    ROUND(MEDIAN(gap), 6) AS days_between_orders
  FROM (
    SELECT
      orders.customer_id,
      EPOCH(
        (
          orders.ordered_at - LAG(orders.ordered_at) OVER (PARTITION BY orders.customer_id ORDER BY orders.ordered_at)
        )
      ) / 86400 AS gap
    FROM orders
    WHERE
      orders.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
  ) AS gaps
  GROUP BY
    customer_id
), median_total_order AS (
  SELECT
    happened.customer_id,
    ROUND(MEDIAN(CAST(happened.value AS DOUBLE)), 6) AS value
  FROM (
    SELECT
      orders.customer_id,
      orders.ordered_at AS "at",
      orders.total AS value
    FROM orders
    WHERE
      orders.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
  ) AS happened
  GROUP BY
    happened.customer_id
)
SELECT
  customers.customer_id,
  COALESCE(orders_facts.count_order, 0) >= 1 AS buyers,
  COALESCE(orders_facts.count_order, 0) >= 2
  AND COALESCE(orders_facts.last_order_at <= CAST('2026-03-12 10:00:00' AS TIMESTAMP), FALSE) AS asleep,
  COALESCE(orders_facts.total_spent, 0) >= 1000
  AND COALESCE(
    ROUND(orders_facts.total_spent / NULLIF(orders_facts.count_order, 0), 6) >= 200,
    FALSE
  ) AS valuable,
  COALESCE(
    ROUND(orders_facts.total_spent / NULLIF(orders_facts.known_total_order, 0), 6) >= 500,
    FALSE
  ) AS big_baskets,
  COALESCE(orders_facts.count_order_coupon_present, 0) >= 2 AS used_coupons,
  COALESCE(order_items_facts.count_buy_item_brand_apple_within_1_year, 0) >= 2 AS apple_fans,
  COALESCE(order_items_facts.count_buy_item_category_cases_status_paid, 0) >= 1 AS case_buyers,
  COALESCE(web_facts.count_view_item_within_30_days, 0) >= 3
  AND NOT COALESCE(orders_facts.count_order, 0) >= 1 AS onlookers,
  COALESCE(add_to_cart_not_followed_facts.times, 0) >= 1 AS left_a_cart,
  COALESCE(order_gaps.days_between_orders <= 40, FALSE) AS steady,
  COALESCE(median_total_order.value BETWEEN 100 AND 500, FALSE) AS typical,
  (
    COALESCE(orders_facts.total_spent, 0) >= 1000
    AND COALESCE(
      ROUND(orders_facts.total_spent / NULLIF(orders_facts.count_order, 0), 6) >= 200,
      FALSE
    )
  )
  AND NOT (
    (
      COALESCE(orders_facts.count_order, 0) >= 2
      AND COALESCE(orders_facts.last_order_at <= CAST('2026-03-12 10:00:00' AS TIMESTAMP), FALSE)
    )
    OR (
      COALESCE(web_facts.count_view_item_within_30_days, 0) >= 3
      AND NOT COALESCE(orders_facts.count_order, 0) >= 1
    )
  ) AS best,
  COALESCE(customers.country = 'CZ', FALSE)
  AND (
    (
      COALESCE(orders_facts.total_spent, 0) >= 1000
      AND COALESCE(
        ROUND(orders_facts.total_spent / NULLIF(orders_facts.count_order, 0), 6) >= 200,
        FALSE
      )
    )
    AND NOT (
      (
        COALESCE(orders_facts.count_order, 0) >= 2
        AND COALESCE(orders_facts.last_order_at <= CAST('2026-03-12 10:00:00' AS TIMESTAMP), FALSE)
      )
      OR (
        COALESCE(web_facts.count_view_item_within_30_days, 0) >= 3
        AND NOT COALESCE(orders_facts.count_order, 0) >= 1
      )
    )
  ) AS czech_best
FROM customers
LEFT JOIN orders_facts
  ON orders_facts.customer_id = customers.customer_id
LEFT JOIN order_items_facts
  ON order_items_facts.customer_id = customers.customer_id
LEFT JOIN web_facts
  ON web_facts.customer_id = customers.customer_id
LEFT JOIN add_to_cart_not_followed_facts
  ON add_to_cart_not_followed_facts.customer_id = customers.customer_id
LEFT JOIN order_gaps
  ON order_gaps.customer_id = customers.customer_id
LEFT JOIN median_total_order
  ON median_total_order.customer_id = customers.customer_id
