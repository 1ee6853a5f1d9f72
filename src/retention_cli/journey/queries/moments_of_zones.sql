-- The zones of a tick's messages, each with the last moment that is asked about.
-- Nothing without: message_moments.
SELECT lives_in, max(moment) FROM message_moments WHERE lives_in IS NOT NULL GROUP BY lives_in
