-- How often, when last, and whether still: what `again` asks, of a customer or of a customer and a value.
SELECT j.campaign, j.customer, j.per, count(*), max(j.entered_at), max(CASE WHEN j.state = 'open' THEN 1 ELSE 0 END)
FROM (SELECT CAST(w.value ->> 0 AS BIGINT) AS campaign, w.value ->> 1 AS customer, w.value ->> 2 AS per FROM json_each(:pairs) AS w) p
JOIN journeys j ON j.campaign = p.campaign AND j.customer = p.customer AND j.per = p.per
GROUP BY j.campaign, j.customer, j.per
