-- What each score stands for: the values that have it, measure by measure, all from one pass.
SELECT
  CASE WHEN grouping(recency_score) = 0 THEN 'recency' WHEN grouping(frequency_score) = 0 THEN 'frequency' ELSE 'monetary' END AS measure,
  coalesce(recency_score, frequency_score, monetary_score) AS score,
  CASE WHEN grouping(recency_score) = 0 THEN min(days) WHEN grouping(frequency_score) = 0 THEN min(orders) ELSE min(paid) END AS lowest,
  CASE WHEN grouping(recency_score) = 0 THEN max(days) WHEN grouping(frequency_score) = 0 THEN max(orders) ELSE max(paid) END AS highest,
  count(*) AS customers
FROM scored
GROUP BY GROUPING SETS ((recency_score), (frequency_score), (monetary_score))
HAVING coalesce(recency_score, frequency_score, monetary_score) IS NOT NULL
ORDER BY measure, score
