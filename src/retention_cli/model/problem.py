"""A user's mistake as a value: where it is, what is wrong, and what to do. Never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a problem is: an error stops a run, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a project's file; line and column count from 1, `file` is relative to the project's folder."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `code` is stable and has a page in docs/reference/problems.md; `hint` says what to do."""

    place: Place
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        """Whether it must be mended before a run."""
        return self.severity is Severity.ERROR


def warning(place: Place, code: str, message: str, hint: str = "") -> Problem:
    """Return a problem that does not stop a run."""
    return Problem(place, code, message, hint, Severity.WARNING)
