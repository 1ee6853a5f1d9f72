"""Exports → typed, sorted, immutable snapshots; rejects, guards, the current set, collection of old ones."""
