-- The fence: held until the transaction ends, so that no other run begins in between.
SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'epoch' /*+postgresql FOR UPDATE */
