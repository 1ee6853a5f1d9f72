-- Whom a surge kept out enters now, as what began it then said.
-- Nothing without: approved.
INSERT INTO candidates
SELECT a.campaign, a.customer_id, a.occurrence, make_timestamp($as_of), a.facts,
    CASE WHEN a.per = '' THEN '' ELSE coalesce(json_extract_string(a.facts, '/' || a.per), '') END
FROM approved AS a
ANTI JOIN candidates AS c USING (campaign, customer_id, occurrence)
