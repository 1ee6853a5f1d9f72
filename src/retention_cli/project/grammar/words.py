"""The head words of conditions: a mapping that has one holds only that word's own keys.

A column that is called like a head word is reached by `field:`.
"""

from __future__ import annotations

from retention_cli.model.condition import Fold

JUNCTIONS = ("all", "any", "none")
LOGIC = (*JUNCTIONS, "not", "field")
CUSTOMER_HEADS = ("did", "did_not", "has", "segment", "everyone", "sample", "listed", "consent", "sql", *map(str, Fold))
HEADS = frozenset((*LOGIC, *CUSTOMER_HEADS))
