-- What stands because the shop's own file says so.
SELECT id, channel, address, customer FROM suppressions WHERE source = 'file' AND lifted_at IS NULL
