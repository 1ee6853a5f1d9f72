-- Where the scores are cut, the same in every row.
SELECT recency_quantiles, frequency_quantiles, monetary_quantiles
FROM rfm_scores
LIMIT 1
