-- Which snapshots each finished run stood on, oldest first.
SELECT as_of, manifest FROM runs WHERE manifest IS NOT NULL AND as_of <= :until ORDER BY as_of, id
