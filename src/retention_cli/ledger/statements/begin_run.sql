-- A run by its number; its outcome comes at its end.
INSERT INTO runs (id, epoch, started_at, as_of, target, host, pid)
VALUES (:id, :epoch, :started_at, :as_of, :target, :host, :pid)
