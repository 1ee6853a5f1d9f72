-- Open journeys of an earlier revision go on in this one.
UPDATE journeys SET revision = :new_revision, step = :new_step
WHERE campaign = :campaign AND revision = :old_revision AND step = :old_step AND state = 'open'
