"""What is known of a source's files before one of them is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retention_cli.model.dress import CsvFormat

if TYPE_CHECKING:
    from retention_cli.model.lock import SourceLock
    from retention_cli.model.project import Project
    from retention_cli.model.source import Source


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a source's files beforehand: what project and lock say, the encoding such exports have, the shop's language."""

    csv: CsvFormat = field(default_factory=CsvFormat)
    prefer: str | None = None
    language: str = "en"
    sheet: str | None = None
    unpack: tuple[str, str] | None = None

    def __str__(self) -> str:
        return "\n".join(map(str, (self.csv, self.prefer, self.language, self.sheet, self.unpack)))


def asked_of(project: Project, source: Source, lock: SourceLock | None) -> Asked:
    """Return what is known of a source's files before they are looked at."""
    csv = source.csv.over(lock.csv) if lock else source.csv
    known = source.known
    unpack = (known.unpack, known.pattern) if known.unpack and known.pattern else None
    return Asked(csv, known.encoding, project.settings.locale[:2], str(source.sheet) if source.sheet else None, unpack)
