"""Runs compiled SQL on DuckDB, in memory; holds nothing that is not also elsewhere."""
