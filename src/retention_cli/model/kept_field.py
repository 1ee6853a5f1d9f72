"""Fields of customers that the ledger keeps: what steps write, and conditions and templates read like any column of the export."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from retention_cli.model.base import Model
from retention_cli.model.source import ColumnType

KEPT_FIELDS = "ledger_fields"
"""The table of an engine with the last values of these fields."""
COLUMNS = ("customer_id", "field", "tag", "value")
"""Its columns, all of text; a tag is a field of its own, `true` or `false`."""
TAGS = "tags"
"""The field of all tags: those of the export, with what steps add and without what they remove."""


class KeptField(Model):
    """`profile_reward: {type: boolean}`."""

    type: Literal["text", "integer", "decimal", "boolean", "date", "time"] = Field(description="what it holds")
    description: str = Field(default="", description="what it is, in a sentence")

    @property
    def column_type(self) -> ColumnType:
        """The type as columns have it."""
        return ColumnType(self.type)
