-- Each journey that moves to another revision says so.
INSERT INTO transitions (run, subject, subject_id, from_state, to_state, at, reason)
SELECT CAST(:run AS BIGINT), 'journey', id, step, CAST(:new_step AS TEXT), CAST(:at AS BIGINT), 'moved to the steps of now'
FROM journeys WHERE campaign = :campaign AND revision = :old_revision AND step = :old_step AND state = 'open'
