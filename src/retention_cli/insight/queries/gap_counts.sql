-- How often each gap occurs, in whole days: few rows whatever the shop's size, to draw bars from.
WITH gaps AS (
  SELECT date_diff('day', lag(day) OVER (PARTITION BY customer_id ORDER BY day), day) AS gap
  FROM (SELECT DISTINCT customer_id, day FROM orders_seen) AS days
)
SELECT gap, count(*) AS times
FROM gaps
WHERE gap IS NOT NULL
GROUP BY gap
ORDER BY gap
