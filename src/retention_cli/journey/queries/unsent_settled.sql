-- What becomes of messages of earlier ticks after all: as they were judged, unless a cap has a word in it, or there is no voucher.
-- Nothing without: unsent_judged.
CREATE OR REPLACE TABLE unsent_settled AS
SELECT u.message, u.journey, u.campaign, u.state, u.reason, u.held_for, u.exit,
    coalesce(a.state, CASE WHEN v.message IS NOT NULL THEN 'held' END, u.becomes) AS becomes, coalesce(a.reason, v.reason, u.why) AS why, s.leaves_at, s.moment, s.not_before, s.open_until
FROM unsent_judged AS u
LEFT JOIN allotted AS a ON a.message = u.message AND a.reason IS NOT NULL
LEFT JOIN voucher_short AS v ON v.message = u.message
LEFT JOIN message_times AS s ON s.message = u.message
