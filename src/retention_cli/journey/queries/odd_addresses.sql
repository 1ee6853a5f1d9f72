-- Addresses whose normal form is more than lower case: those that customers have, and those that messages were planned for.
SELECT DISTINCT address FROM (SELECT address FROM asked UNION ALL SELECT address FROM unsent)
WHERE address IS NOT NULL AND NOT regexp_full_match(address, '[ -~]*')
