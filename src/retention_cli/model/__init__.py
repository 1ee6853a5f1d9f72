"""The nouns: what a project says, frozen and strict. Nothing here reads, writes or asks the time."""
