-- How many people the limit leaves for the next tick.
SELECT campaign, count(*) FROM beyond GROUP BY campaign
