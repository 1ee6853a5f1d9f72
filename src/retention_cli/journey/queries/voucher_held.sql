-- New messages for which there is no code wait for one.
-- Nothing without: voucher_short.
UPDATE planned SET stopped = v.reason, state = 'held' FROM voucher_short AS v WHERE v.message = planned.message
