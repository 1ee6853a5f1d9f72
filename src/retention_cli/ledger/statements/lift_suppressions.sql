-- Lift what stood only because a file said so, and the file does so no more.
UPDATE suppressions SET lifted_at = :at WHERE id IN :ids AND source = 'file' AND lifted_at IS NULL
