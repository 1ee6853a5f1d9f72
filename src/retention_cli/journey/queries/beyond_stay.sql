-- Who is under way stays at a step that is due.
DELETE FROM arrivals WHERE subject IN (SELECT subject FROM beyond WHERE NOT is_new)
