-- Every campaign that ever ran.
SELECT id, name, first_as_of FROM campaigns ORDER BY id
