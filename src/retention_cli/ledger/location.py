"""Where a ledger lives: a SQLite file or a PostgreSQL database.

A location is a value: parsing touches no file and opens no connection. `shown` is safe for logs and messages, for it
never holds a password; `identity` says which ledger is meant, whoever logs in, and names its witness.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from retention_cli.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_FORMS = "write `sqlite`, `sqlite:PATH` or `postgresql://USER:PASSWORD@HOST/DATABASE`"
_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True, slots=True)
class Location:
    """A SQLite file at `path` (absolute), or a PostgreSQL database at `url`; exactly one of them is set."""

    path: Path | None = None
    url: URL | None = None

    @classmethod
    def parse(cls, text: str | None, root: Path) -> Location:
        """Read a target's `ledger:`; None is `sqlite`, kept in the project's `.retention/`. Raises UsageError."""
        if text is None or text == "sqlite":
            return cls(path=_absolute(root, ".retention/ledger.db"))
        scheme, _, rest = text.partition(":")
        if scheme == "sqlite" and rest.strip("/"):
            return cls(path=_absolute(root, rest))
        if scheme in _POSTGRES:
            return cls(url=_postgres(text))
        raise UsageError("the ledger's address is not understood", _FORMS)

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Name the database."""
        return "sqlite" if self.url is None else "postgresql"

    @property
    def shown(self) -> str:
        """Return the address without password and options."""
        if self.url is None:
            return f"sqlite:{self.path}"
        return self.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    @property
    def identity(self) -> str:
        """Return what tells this ledger from every other, the login left out."""
        if self.url is None:
            return f"sqlite:{self.path}"
        host = self.url.host or self.url.query.get("host", "local")
        return f"postgresql:{host}:{self.url.port or 5432}/{self.url.database}?{self.url.query.get('options', '')}"

    @property
    def file(self) -> Path:
        """Return the SQLite file."""
        if self.path is None:
            raise ValueError("a PostgreSQL ledger has no file")
        return self.path

    @property
    def locks(self) -> Path:
        """Return the folder, beside the SQLite file, whose files are only ever locked."""
        return self.file.with_name(self.file.name + ".locks")


def _absolute(root: Path, rest: str) -> Path:
    return Path(os.path.realpath(root / rest))  # real, so that two ways to one file are one ledger


def _postgres(text: str) -> URL:
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - a project with a SQLite ledger is read without it
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - as above

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise UsageError("the ledger's address is not a valid URL", _FORMS) from None
    if not url.database:
        raise UsageError("the ledger's address names no database", _FORMS)
    return url.set(drivername="postgresql+psycopg")
