-- Scores as the R package rfm gives them: the cut points are the 20, 40, 60 and 80 % quantiles (type 7) plus one, and a
-- value belongs to the first range with low <= value < high. Few days since the last order are best.
WITH customers AS (
  SELECT
    customer_id,
    date_diff('day', max(day), $today) AS recency,
    count(*) AS frequency,
    CAST(sum(total) AS DOUBLE) AS monetary
  FROM orders_seen
  GROUP BY customer_id
),
cuts AS (
  SELECT
    quantile_cont(recency, [0.2, 0.4, 0.6, 0.8]) AS recency,
    quantile_cont(frequency, [0.2, 0.4, 0.6, 0.8]) AS frequency,
    quantile_cont(monetary, [0.2, 0.4, 0.6, 0.8]) AS monetary
  FROM customers
)
SELECT
  customers.customer_id,
  customers.recency,
  customers.frequency,
  customers.monetary,
  cuts.recency AS recency_quantiles,
  cuts.frequency AS frequency_quantiles,
  cuts.monetary AS monetary_quantiles,
  5
  - CAST(customers.recency >= cuts.recency[1] + 1 AS INTEGER)
  - CAST(customers.recency >= cuts.recency[2] + 1 AS INTEGER)
  - CAST(customers.recency >= cuts.recency[3] + 1 AS INTEGER)
  - CAST(customers.recency >= cuts.recency[4] + 1 AS INTEGER) AS recency_score,
  1
  + CAST(customers.frequency >= cuts.frequency[1] + 1 AS INTEGER)
  + CAST(customers.frequency >= cuts.frequency[2] + 1 AS INTEGER)
  + CAST(customers.frequency >= cuts.frequency[3] + 1 AS INTEGER)
  + CAST(customers.frequency >= cuts.frequency[4] + 1 AS INTEGER) AS frequency_score,
  1
  + CAST(customers.monetary >= cuts.monetary[1] + 1 AS INTEGER)
  + CAST(customers.monetary >= cuts.monetary[2] + 1 AS INTEGER)
  + CAST(customers.monetary >= cuts.monetary[3] + 1 AS INTEGER)
  + CAST(customers.monetary >= cuts.monetary[4] + 1 AS INTEGER) AS monetary_score
FROM customers
CROSS JOIN cuts
