-- How it ended.
UPDATE runs SET finished_at = :at, manifest = :manifest, outcome = :outcome WHERE id = :id
