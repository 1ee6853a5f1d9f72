-- When each message leaves at the earliest, and the start of the next quiet time, by which it must have left.
-- Nothing without: message_moments.
CREATE OR REPLACE TABLE message_times AS
SELECT m.message, m.lives_in AS zone, m.moment, greatest(m.moment, coalesce(w.opens_at, m.moment)) AS leaves_at,
    CASE WHEN greatest(m.moment, coalesce(w.opens_at, m.moment)) > make_timestamp($as_of)
         THEN epoch_us(greatest(m.moment, coalesce(w.opens_at, m.moment))) END AS not_before,
    epoch_us(w.closes_at) AS open_until
FROM message_moments AS m
ASOF LEFT JOIN quiet_windows AS w ON w.zone = m.zone AND m.moment < w.closes_at
