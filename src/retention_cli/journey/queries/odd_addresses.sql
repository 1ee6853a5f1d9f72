-- Addresses whose normal form is more than lower case.
SELECT DISTINCT address FROM asked WHERE address IS NOT NULL AND NOT regexp_full_match(address, '[ -~]*')
