"""Segments: who."""

from __future__ import annotations

from pydantic import Field

from retention_cli.model.base import Described
from retention_cli.model.condition import ConditionField


class Segment(Described):
    """A named condition over customers."""

    where: ConditionField = Field(description="who belongs to it")
