-- Buyers in ten equal parts by what they are expected to bring within a year, the most valuable first.
WITH ranked AS (
  SELECT
    predicted_value_1y,
    expected_orders_90d,
    probability_alive,
    ntile(10) OVER (ORDER BY predicted_value_1y DESC, customer_id) AS decile
  FROM predicted
)
SELECT
  decile,
  count(*) AS people,
  min(predicted_value_1y) AS lowest,
  max(predicted_value_1y) AS highest,
  sum(predicted_value_1y) AS total,
  sum(expected_orders_90d) AS orders_90d,
  avg(probability_alive) AS alive
FROM ranked
GROUP BY decile
ORDER BY decile
