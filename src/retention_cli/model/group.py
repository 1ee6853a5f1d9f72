"""Groups: all customers (or a segment) divided, so that each is in one division."""

from __future__ import annotations

from pydantic import Field

from retention_cli.model.base import Described, Flag, Name
from retention_cli.model.condition import ConditionField
from retention_cli.model.word import Word


class Group(Described):
    """A division of customers; a field of theirs, whose value is the division's name.

    Without `otherwise` who fits no division has none, and `validate` shows whom. With `first_match` the order of the divisions
    decides; without it nobody may fit two.
    """

    of: Word | None = Field(default=None, description="the segment that is divided; left out: all customers")
    first_match: Flag = Field(default=False, description="the first division that fits counts; left out: only one may fit")
    divisions: dict[Name, ConditionField] = Field(min_length=1, description="who belongs to each, by name")
    otherwise: Name | None = Field(default=None, description="the division of who fits no other")

    @property
    def names(self) -> tuple[str, ...]:
        """The divisions' names in order, `otherwise` last."""
        return (*map(str, self.divisions), *((str(self.otherwise),) if self.otherwise is not None else ()))
