"""The fixed statements of a tick, one a file."""
