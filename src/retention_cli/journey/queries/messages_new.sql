-- Every message of the tick, also those that cannot leave: they are stopped in the same transaction, with their reason.
-- Nothing without: planned.
SELECT p.message, p.subject, p.step, p.campaign, p.customer_id, p.channel, p.address, p.hash, p.context,
    s.not_before, epoch_us(p.not_after), s.open_until, p.kind, p.topic, p.variant,
    p.state, p.stopped || CASE WHEN p.stopped = 'no consent' THEN ': ' || p.consent ELSE '' END AS reason
FROM planned AS p
JOIN message_times AS s ON s.message = p.message
ORDER BY p.message
