"""One statement a file, with a comment for why."""
