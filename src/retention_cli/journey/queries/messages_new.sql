-- Every message of the tick, also those that cannot leave: they are stopped in the same transaction, with their reason.
SELECT message, subject, step, campaign, customer_id, channel, address, hash, stopped, context, epoch_us(wanted_at), epoch_us(not_after), variant
FROM planned
ORDER BY message
