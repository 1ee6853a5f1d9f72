-- A customer's cohort is the period of the first order. In each later period: how many of the cohort ordered again, and what
-- their repeat orders were worth. Whoever orders twice in the first period has returned in period 0.
WITH numbered AS (
  SELECT
    customer_id,
    day,
    total,
    row_number() OVER (PARTITION BY customer_id ORDER BY at, total) AS nth,
    min(day) OVER (PARTITION BY customer_id) AS first_day
  FROM orders_seen
)
SELECT
  CAST(date_trunc($period, first_day) AS DATE) AS cohort,
  date_diff($period, first_day, day) AS later,
  count(DISTINCT customer_id) FILTER (WHERE nth = 1) AS people,
  count(DISTINCT customer_id) FILTER (WHERE nth > 1) AS returning,
  coalesce(sum(total) FILTER (WHERE nth = 1), 0) AS first_revenue,
  coalesce(sum(total) FILTER (WHERE nth > 1), 0) AS recurring_revenue
FROM numbered
GROUP BY cohort, later
ORDER BY cohort, later
