"""The fixed statements of a simulation, one a file."""
