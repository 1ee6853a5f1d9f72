-- The memberships to compare with; only the last two are kept whole.
SELECT id, as_of, segments, whole FROM generations WHERE whole IS NOT NULL ORDER BY id DESC LIMIT 1
