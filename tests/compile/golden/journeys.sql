WITH orders_facts AS (
  SELECT
    subjects.subject,
    COUNT(*) AS count_order,
    MAX(orders.ordered_at) AS last_order_at
  FROM subjects
  INNER JOIN orders
    ON orders.customer_id = subjects.customer_id
  WHERE
    orders.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
  GROUP BY
    subjects.subject
), order_items_facts AS (
  WITH products_flags AS MATERIALIZED (
    SELECT
      products.product_id,
      COALESCE(products.brand = 'Apple', FALSE) AS fits_1
    FROM products
  )
  SELECT
    subjects.subject,
    COUNT(*) FILTER(WHERE
      products.fits_1
      AND order_items.ordered_at > CAST('2025-05-01 10:00:00' AS TIMESTAMP)) AS count_buy_item_brand_apple_within_1_year
  FROM subjects
  INNER JOIN order_items
    ON order_items.customer_id = subjects.customer_id
  LEFT JOIN products_flags AS products
    ON order_items.product_id = products.product_id
  WHERE
    order_items.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
    AND products.fits_1
  GROUP BY
    subjects.subject
), add_to_cart_not_followed_rows AS (
  SELECT
    web.customer_id,
    web.occurred_at AS "at",
    web.event = 'add_to_cart' AS is_anchor,
    FALSE AS follows_1
  FROM web
  WHERE
    (
      web.occurred_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
      AND web.customer_id IN (
        SELECT
          customer_id
        FROM subjects
      )
    )
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
    AND orders.customer_id IN (
      SELECT
        customer_id
      FROM subjects
    )
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
), add_to_cart_not_followed_times AS (
  SELECT
    subjects.subject,
    COUNT(*) AS value
  FROM subjects
  INNER JOIN add_to_cart_not_followed AS happened
    ON happened.customer_id = subjects.customer_id
  GROUP BY
    subjects.subject
), order_gaps AS (
  SELECT
    subject,
    ROUND(MEDIAN(gap), 6) AS days_between_orders
  FROM (
    SELECT
      subjects.subject,
      EPOCH(
        (
          orders.ordered_at - LAG(orders.ordered_at) OVER (PARTITION BY subjects.subject ORDER BY orders.ordered_at)
        )
      ) / 86400 AS gap
    FROM subjects
    INNER JOIN orders
      ON orders.customer_id = subjects.customer_id
    WHERE
      orders.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
  ) AS gaps
  GROUP BY
    subject
)
SELECT
  subjects.subject,
  COALESCE(orders_facts.count_order, 0) >= 1 AS buyers,
  COALESCE(add_to_cart_not_followed_times.value, 0) >= 1 AS left_a_cart,
  COALESCE(order_items_facts.count_buy_item_brand_apple_within_1_year, 0) >= 2 AS apple_fans,
  COALESCE(order_gaps.days_between_orders <= 40, FALSE) AS steady,
  customers.country AS field_country,
  STRFTIME(orders_facts.last_order_at, '%Y-%m-%dT%H:%M:%SZ') AS field_last_order_at
FROM subjects
INNER JOIN customers
  ON customers.customer_id = subjects.customer_id
LEFT JOIN orders_facts
  ON orders_facts.subject = subjects.subject
LEFT JOIN order_items_facts
  ON order_items_facts.subject = subjects.subject
LEFT JOIN add_to_cart_not_followed_times
  ON add_to_cart_not_followed_times.subject = subjects.subject
LEFT JOIN order_gaps
  ON order_gaps.subject = subjects.subject
