-- Whom the ledger is asked about: everybody who moves in a revision that compares something.
SELECT DISTINCT x.experiment, s.customer_id
FROM subjects AS s
JOIN (SELECT DISTINCT revision, experiment FROM program_ways) AS x ON x.revision = s.revision
WHERE s.is_new OR s.is_due
