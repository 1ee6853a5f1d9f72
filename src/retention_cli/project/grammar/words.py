"""The head words of conditions: a mapping that has one holds only that word's own keys.

A column that is called like a head word is reached by `field:`, also where this version does not know the word yet.
"""

from __future__ import annotations

from retention_cli.model.condition import Fold

JUNCTIONS = ("all", "any", "none")
LOGIC = (*JUNCTIONS, "not", "field")
CUSTOMER_HEADS = ("did", "did_not", "segment", "everyone", *map(str, Fold))
RESERVED = ("has", "sample", "listed", "consent", "sql", "first_of", "latest_of")
HEADS = frozenset((*LOGIC, *CUSTOMER_HEADS, *RESERVED))
