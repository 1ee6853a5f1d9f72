"""What a check found in a finished message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: an error must not be sent, a warning should be looked at, a note is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: its code (`M05`, `H06`), what is wrong, and what to do."""

    level: Level
    code: str
    message: str
    hint: str = ""
