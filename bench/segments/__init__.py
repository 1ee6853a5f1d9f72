"""A shop of a million customers, made up from a seed, and its hundred segments."""
