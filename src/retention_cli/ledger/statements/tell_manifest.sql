-- What a run stands on, told with its decisions.
UPDATE runs SET manifest = :manifest WHERE id = :id
