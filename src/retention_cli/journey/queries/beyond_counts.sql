-- How many people the limit leaves for the next tick.
-- Nothing without: beyond.
SELECT campaign, count(*) FROM beyond GROUP BY campaign
