-- They take no step.
DELETE FROM walk WHERE subject IN (SELECT subject FROM beyond)
