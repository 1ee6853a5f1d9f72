"""One file a channel: a normalised message in, one outcome value out."""
