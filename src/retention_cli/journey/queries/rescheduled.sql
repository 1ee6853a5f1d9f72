-- Messages that have not left, and whose window is another one now: over, moved by the customer's zone, or by other quiet hours.
-- Nothing without: unsent_judged.
SELECT u.message, s.not_before, s.open_until
FROM unsent_judged AS u
JOIN message_times AS s ON s.message = u.message
WHERE u.becomes IN ('planned', 'deferred', 'held')
  AND (greatest(coalesce(s.not_before, 0), $as_of) <> greatest(coalesce(u.not_before, 0), $as_of) OR s.open_until IS DISTINCT FROM u.open_until)
ORDER BY u.message
