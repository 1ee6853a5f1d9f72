-- Campaigns that more than a few would enter.
-- Nothing without: candidates.
SELECT campaign FROM candidates GROUP BY campaign HAVING count(*) > $few
