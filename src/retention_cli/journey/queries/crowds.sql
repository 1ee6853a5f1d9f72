-- Campaigns that more than a few would enter.
SELECT campaign FROM candidates GROUP BY campaign HAVING count(*) > $few
