"""Where the fixed statements of a tick stand."""

QUERIES = "retention_cli.journey.queries"
