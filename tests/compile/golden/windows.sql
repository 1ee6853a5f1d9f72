WITH add_to_cart_not_followed_rows AS (
  SELECT
    web.customer_id,
    web.occurred_at AS "at",
    web.event = 'add_to_cart' AS is_anchor,
    FALSE AS follows_1
  FROM web
  WHERE
    web.occurred_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
    AND (
      web.occurred_at > CAST('2025-05-01 10:00:00' AS TIMESTAMP)
      AND web.event = 'add_to_cart'
    )
  UNION ALL
  SELECT
    orders.customer_id,
    orders.ordered_at AS "at",
    FALSE AS is_anchor,
    TRUE AS follows_1
  FROM orders
  WHERE
    orders.ordered_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
    AND orders.ordered_at > CAST('2025-05-01 10:00:00' AS TIMESTAMP)
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
    COUNT(*) FILTER(WHERE
      happened."at" > CAST('2026-04-24 10:00:00' AS TIMESTAMP)) AS times_within_7_days,
    COUNT(*) FILTER(WHERE
      happened."at" > CAST('2026-04-01 10:00:00' AS TIMESTAMP)) AS times_within_30_days,
    COUNT(*) FILTER(WHERE
      happened."at" > CAST('2026-03-01 11:00:00' AS TIMESTAMP)) AS times_within_2_months,
    COUNT(*) FILTER(WHERE
      happened."at" >= CAST('2025-12-31 23:00:00' AS TIMESTAMP)) AS times_since_2026_01_01,
    COUNT(*) FILTER(WHERE
      happened."at" > CAST('2025-05-01 10:00:00' AS TIMESTAMP)) AS times_within_1_year
  FROM add_to_cart_not_followed AS happened
  GROUP BY
    happened.customer_id
), different_device AS (
  SELECT
    each_value.customer_id,
    COUNT(*) FILTER(WHERE
      each_value.latest_view_item > CAST('2026-04-24 10:00:00' AS TIMESTAMP)) AS view_item_within_7_days,
    COUNT(*) FILTER(WHERE
      each_value.latest_add_to_cart > CAST('2026-04-24 10:00:00' AS TIMESTAMP)) AS add_to_cart_within_7_days,
    COUNT(*) FILTER(WHERE
      each_value.latest_view_item > CAST('2026-04-01 10:00:00' AS TIMESTAMP)) AS view_item_within_30_days,
    COUNT(*) FILTER(WHERE
      each_value.latest_add_to_cart > CAST('2026-04-01 10:00:00' AS TIMESTAMP)) AS add_to_cart_within_30_days,
    COUNT(*) FILTER(WHERE
      each_value.latest_view_item > CAST('2026-03-01 11:00:00' AS TIMESTAMP)) AS view_item_within_2_months,
    COUNT(*) FILTER(WHERE
      each_value.latest_add_to_cart > CAST('2026-03-01 11:00:00' AS TIMESTAMP)) AS add_to_cart_within_2_months,
    COUNT(*) FILTER(WHERE
      each_value.latest_view_item >= CAST('2025-12-31 23:00:00' AS TIMESTAMP)) AS view_item_since_2026_01_01,
    COUNT(*) FILTER(WHERE
      each_value.latest_add_to_cart >= CAST('2025-12-31 23:00:00' AS TIMESTAMP)) AS add_to_cart_since_2026_01_01,
    COUNT(*) FILTER(WHERE
      each_value.latest_view_item > CAST('2025-05-01 10:00:00' AS TIMESTAMP)) AS view_item_within_1_year,
    COUNT(*) FILTER(WHERE
      each_value.latest_add_to_cart > CAST('2025-05-01 10:00:00' AS TIMESTAMP)) AS add_to_cart_within_1_year
  FROM (
    SELECT
      happened.customer_id,
      happened.value,
      MAX(happened.latest_view_item) AS latest_view_item,
      MAX(happened.latest_add_to_cart) AS latest_add_to_cart
    FROM (
      SELECT
        web.customer_id,
        web.device AS value,
        CASE WHEN web.event = 'view_item' THEN web.occurred_at END AS latest_view_item,
        CASE WHEN web.event = 'add_to_cart' THEN web.occurred_at END AS latest_add_to_cart
      FROM web
      WHERE
        web.occurred_at <= CAST('2026-05-01 10:00:00' AS TIMESTAMP)
        AND (
          (
            web.event = 'view_item'
            AND web.occurred_at > CAST('2025-05-01 10:00:00' AS TIMESTAMP)
          )
          OR (
            web.event = 'add_to_cart'
            AND web.occurred_at > CAST('2025-05-01 10:00:00' AS TIMESTAMP)
          )
        )
    ) AS happened
    WHERE
      NOT happened.value IS NULL
    GROUP BY
      happened.customer_id,
      happened.value
  ) AS each_value
  GROUP BY
    each_value.customer_id
)
SELECT
  customers.customer_id,
  COALESCE(add_to_cart_not_followed_facts.times_within_7_days, 0) >= 1 AS left_0,
  COALESCE(different_device.view_item_within_7_days, 0) >= 2 AS devices_0,
  COALESCE(different_device.add_to_cart_within_7_days, 0) >= 1 AS cart_devices_0,
  COALESCE(add_to_cart_not_followed_facts.times_within_30_days, 0) >= 1 AS left_1,
  COALESCE(different_device.view_item_within_30_days, 0) >= 2 AS devices_1,
  COALESCE(different_device.add_to_cart_within_30_days, 0) >= 1 AS cart_devices_1,
  COALESCE(add_to_cart_not_followed_facts.times_within_2_months, 0) >= 1 AS left_2,
  COALESCE(different_device.view_item_within_2_months, 0) >= 2 AS devices_2,
  COALESCE(different_device.add_to_cart_within_2_months, 0) >= 1 AS cart_devices_2,
  COALESCE(add_to_cart_not_followed_facts.times_since_2026_01_01, 0) >= 1 AS left_3,
  COALESCE(different_device.view_item_since_2026_01_01, 0) >= 2 AS devices_3,
  COALESCE(different_device.add_to_cart_since_2026_01_01, 0) >= 1 AS cart_devices_3,
  COALESCE(add_to_cart_not_followed_facts.times_within_1_year, 0) >= 1 AS left_4,
  COALESCE(different_device.view_item_within_1_year, 0) >= 2 AS devices_4,
  COALESCE(different_device.add_to_cart_within_1_year, 0) >= 1 AS cart_devices_4
FROM customers
LEFT JOIN add_to_cart_not_followed_facts
  ON add_to_cart_not_followed_facts.customer_id = customers.customer_id
LEFT JOIN different_device
  ON different_device.customer_id = customers.customer_id
