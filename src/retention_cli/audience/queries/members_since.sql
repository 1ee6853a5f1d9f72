-- Who is in a segment at $until, and since when. The last change up to then decides; where there is none, the first one after it
-- tells how it was before, and where there is none at all, the last memberships do.
WITH before AS (
  SELECT segment, customer_id, arg_max(entered, at) AS entered, max(at) AS at
  FROM lasting_changes WHERE at <= $until GROUP BY segment, customer_id
), after AS (
  SELECT segment, customer_id, arg_min(entered, at) AS entered FROM lasting_changes WHERE at > $until GROUP BY segment, customer_id
), everybody AS (
  SELECT segment, customer_id FROM before
  UNION SELECT segment, customer_id FROM after
  UNION SELECT segment, customer_id FROM lasting_members
)
SELECT e.segment, e.customer_id, coalesce(before.at, chain.begins) AS since
FROM everybody e
JOIN lasting_chains chain ON chain.segment = e.segment
LEFT JOIN before ON before.segment = e.segment AND before.customer_id = e.customer_id
LEFT JOIN after ON after.segment = e.segment AND after.customer_id = e.customer_id
WHERE coalesce(before.entered, NOT after.entered, true) AND chain.begins <= $until
