-- They take no step, and send nothing.
-- Nothing without: beyond.
DELETE FROM walk WHERE subject IN (SELECT subject FROM beyond)
