"""Context + template → a finished message. Values in, bytes out; no database, no network, no clock."""
