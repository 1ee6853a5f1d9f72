"""The schema of a ledger, as numbered migrations; what they make together is the schema, and nothing else says it."""

from __future__ import annotations

KNOWN = ("r0001", "r0002", "r0003", "r0004", "r0005", "r0006")
"""All revisions that this program can bring to the newest, oldest first."""

HEAD = KNOWN[-1]
