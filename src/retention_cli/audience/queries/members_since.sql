-- Who is in a segment at $until, and since when. The last change up to then decides; where there is none, the first one after it
-- tells how it was before, and where there is none at all, the last memberships do.
WITH earlier AS (
  SELECT segment, customer_id, arg_max(entered, changed_at) AS entered, max(changed_at) AS changed_at
  FROM lasting_changes WHERE changed_at <= $until GROUP BY segment, customer_id
), later AS (
  SELECT segment, customer_id, arg_min(entered, changed_at) AS entered
  FROM lasting_changes WHERE changed_at > $until GROUP BY segment, customer_id
), everybody AS (
  SELECT segment, customer_id FROM earlier
  UNION SELECT segment, customer_id FROM later
  UNION SELECT segment, customer_id FROM lasting_members
)
SELECT everybody.segment, everybody.customer_id, coalesce(earlier.changed_at, chain.begins) AS since
FROM everybody
JOIN lasting_chains AS chain ON chain.segment = everybody.segment
LEFT JOIN earlier ON earlier.segment = everybody.segment AND earlier.customer_id = everybody.customer_id
LEFT JOIN later ON later.segment = everybody.segment AND later.customer_id = everybody.customer_id
WHERE coalesce(earlier.entered, NOT later.entered, true) AND chain.begins <= $until
