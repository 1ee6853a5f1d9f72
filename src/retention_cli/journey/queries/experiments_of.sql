-- Whom the ledger is asked about: everybody who moves in a revision that compares something.
-- Nothing without: program_ways.
SELECT DISTINCT x.experiment, m.customer_id
FROM movers AS m
JOIN (SELECT DISTINCT revision, experiment FROM program_ways) AS x ON x.revision = m.revision
