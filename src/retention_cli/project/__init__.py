"""A folder of YAML files → model and problems with their places; JSON Schema; scaffold; the lock file."""
