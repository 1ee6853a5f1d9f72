"""Model → SQL and campaign programs: sqlglot trees with bound values. Pure: no file, no clock, no database."""
