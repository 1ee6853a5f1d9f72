-- How often, when last, and whether still: what `again` asks.
SELECT j.campaign, j.customer, count(*), max(j.entered_at), max(CASE WHEN j.state = 'open' THEN 1 ELSE 0 END)
FROM (SELECT CAST(w.value ->> 0 AS BIGINT) AS campaign, w.value ->> 1 AS customer FROM json_each(:pairs) AS w) p
JOIN journeys j ON j.campaign = p.campaign AND j.customer = p.customer
GROUP BY j.campaign, j.customer
