-- They take no step, and send nothing.
DELETE FROM walk WHERE subject IN (SELECT subject FROM beyond)
