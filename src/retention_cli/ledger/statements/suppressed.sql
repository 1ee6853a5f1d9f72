-- Whom nothing is sent on a channel.
SELECT address, customer FROM suppressions WHERE channel = :channel AND lifted_at IS NULL
