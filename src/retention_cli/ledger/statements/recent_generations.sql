-- The last evaluations, newest first: when, which segments with their fingerprints, and who came and went.
SELECT id, as_of, segments, delta FROM generations ORDER BY id DESC LIMIT :limit
