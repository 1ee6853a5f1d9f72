-- From when on each message may leave, but for quiet hours: now, or at its own time. Transactional messages know no quiet hours.
-- Nothing without: planned, unsent_judged.
CREATE OR REPLACE TABLE message_moments AS
SELECT message, CASE WHEN kind <> 'transactional' THEN zone END AS zone, zone AS lives_in,
    greatest(coalesce(wanted_at, make_timestamp($as_of)), make_timestamp($as_of)) AS moment
FROM planned
UNION ALL
SELECT message, CASE WHEN NOT is_outside THEN zone END, zone, make_timestamp(greatest(coalesce(not_before, 0), $as_of)) FROM unsent_judged
