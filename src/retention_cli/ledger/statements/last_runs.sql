-- The last runs, newest first.
SELECT id, epoch, started_at, finished_at, as_of, target, host, pid, outcome FROM runs ORDER BY id DESC LIMIT :limit
