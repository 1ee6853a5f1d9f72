"""A tick over a million customers: bench/tick/run.py."""
