-- Gaps between neighbouring days on which a customer bought (of a kind): what was bought on one day is one purchase.
-- Only those who came back have a gap; whoever did not is not in these numbers.
WITH gaps AS (
  SELECT
    kind,
    customer_id,
    date_diff('day', lag(day) OVER (PARTITION BY kind, customer_id ORDER BY day), day) AS gap
  FROM (SELECT DISTINCT kind, customer_id, day FROM bought WHERE kind IS NOT NULL) AS days
)
SELECT
  kind,
  count(gap) AS gaps,
  count(DISTINCT customer_id) AS people,
  quantile_cont(gap, 0.10) AS p10,
  quantile_cont(gap, 0.25) AS p25,
  quantile_cont(gap, 0.50) AS p50,
  quantile_cont(gap, 0.75) AS p75,
  quantile_cont(gap, 0.90) AS p90
FROM gaps
WHERE gap IS NOT NULL
GROUP BY kind
ORDER BY gaps DESC, kind
