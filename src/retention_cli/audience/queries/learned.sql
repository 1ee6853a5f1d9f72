-- A percentile over all customers who have the number, and over those of each kind that enough people are of: the limit of
-- a handful would follow whoever happens to be in it.
SELECT
  grouping(kind) = 1 AS over_all,
  kind,
  round(quantile_cont(number, $share), 6) AS limit_,
  count(*) AS people
FROM known
GROUP BY GROUPING SETS ((), (kind))
HAVING grouping(kind) = 1 OR (kind IS NOT NULL AND count(*) >= $fewest)
ORDER BY over_all DESC, kind
