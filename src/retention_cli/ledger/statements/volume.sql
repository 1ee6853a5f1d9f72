-- How much left by a way on a day, and the most on a day before it.
SELECT coalesce(sum(CASE WHEN day = :day THEN messages END), 0) AS today, coalesce(max(CASE WHEN day < :day THEN messages END), 0) AS most
FROM volumes
WHERE way = :way
