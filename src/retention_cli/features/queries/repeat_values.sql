-- What the repeat purchases of each customer are worth on average; a mean that refunds took to nothing has no logarithm.
SELECT repeats, repeat_value
FROM purchases
WHERE repeats > 0 AND repeat_value > 0
ORDER BY repeats, repeat_value
