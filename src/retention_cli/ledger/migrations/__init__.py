"""The schema of a ledger, as numbered migrations; what they make together is the schema, and nothing else says it."""

from __future__ import annotations

KNOWN = ("r0001", "r0003")
"""All revisions that this program can read, oldest first."""

HEAD = KNOWN[-1]
