-- Groups of customers with equal histories, days as whole numbers: the likelihood of a group is looked at once.
SELECT repeats, recency_days, age_days, count(*) AS people
FROM purchases
GROUP BY repeats, recency_days, age_days
ORDER BY repeats, recency_days, age_days
