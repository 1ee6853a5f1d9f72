-- Leave somebody alone; what already stands is not said twice. What only a file says does not count: it goes with its line.
INSERT INTO suppressions (channel, address, customer, reason, source, at, run)
SELECT CAST(:channel AS TEXT), CAST(:address AS TEXT), CAST(:customer AS TEXT), CAST(:reason AS TEXT), CAST(:source AS TEXT),
       CAST(:at AS BIGINT), CAST(:run AS BIGINT)
WHERE NOT EXISTS (
    SELECT 1 FROM suppressions s
    WHERE s.channel = CAST(:channel AS TEXT) AND s.lifted_at IS NULL AND s.source <> 'file'
      AND coalesce(s.address, '') = coalesce(CAST(:address AS TEXT), '') AND coalesce(s.customer, '') = coalesce(CAST(:customer AS TEXT), '')
)
