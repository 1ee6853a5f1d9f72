-- Messages that have not left, and whose customer has another address now.
-- Nothing without: unsent_judged.
SELECT u.message, u.channel, u.new_address FROM unsent_judged AS u
WHERE u.is_known AND u.key <> '' AND trim(u.new_address) <> trim(u.address) AND u.becomes IN ('planned', 'deferred', 'held')
ORDER BY u.message
