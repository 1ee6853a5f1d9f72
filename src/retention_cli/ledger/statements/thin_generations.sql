-- Only the last two memberships are kept whole; earlier ones are who entered and who left.
UPDATE generations SET whole = NULL
WHERE whole IS NOT NULL AND id NOT IN (SELECT id FROM generations WHERE whole IS NOT NULL ORDER BY id DESC LIMIT 2)
