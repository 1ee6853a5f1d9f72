-- The heat map: who is where on recency and frequency, what they paid, and how well they score on it.
SELECT
  recency_score,
  frequency_score,
  count(*) AS customers,
  sum(paid) AS revenue,
  round(avg(monetary_score), 6) AS monetary_score
FROM scored
GROUP BY recency_score, frequency_score
ORDER BY recency_score DESC, frequency_score
