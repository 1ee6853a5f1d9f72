"""What the engine may take of the machine: memory, in DuckDB's words for sizes, and threads."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from retention_cli.model.base import Model, Whole
from retention_cli.model.word import Word

SIZE_PATTERN = r"^[0-9]{1,6}(\.[0-9]{1,3})? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$"
LEAST = "100MB"
"""Below this, sorting a few columns of a small shop does not get far."""
MOST_THREADS = 256

_SIZE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([KMGT])(i?)B")
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def in_bytes(size: str) -> int:
    """Return the bytes of a size (`2GB`, `1.5GiB`), as DuckDB counts them; raise ValueError for what is none."""
    found = _SIZE.fullmatch(size)
    if found is None:
        raise ValueError(f"{size!r} is no size; write it like 2GB, 500MB or 2GiB")
    number, unit, binary = found.groups()
    return int(Decimal(number) * (1024 if binary else 1000) ** _POWERS[unit])


def _check_size(value: Word) -> Word:
    if in_bytes(value) < in_bytes(LEAST):
        raise ValueError(f"{value!r} is too small; at least {LEAST}")
    return value


Size = Annotated[Word, AfterValidator(_check_size), WithJsonSchema({"type": "string", "pattern": SIZE_PATTERN, "examples": ["2GB", "500MB"]})]
"""An amount of memory, as DuckDB writes it."""


class Limits(Model):
    """What one engine may take. What is None is DuckDB's own: four fifths of the memory, every core."""

    memory_limit: Size | None = Field(default=None, description="the most memory of one engine: 2GB; what does not fit is written to the disk")
    threads: Annotated[Whole, Field(ge=1, le=MOST_THREADS)] | None = Field(default=None, description="how many threads compute; left out: one a core")

    def lowered(self, *, memory_limit: str | None = None, threads: int | None = None) -> Limits:
        """Return the lower ones of these limits and others."""
        sizes = [size for size in (self.memory_limit, memory_limit) if size is not None]
        counts = [count for count in (self.threads, threads) if count is not None]
        lower = min(sizes, key=in_bytes, default=None)
        return Limits(memory_limit=None if lower is None else Word(lower), threads=min(counts, default=None))


NO_LIMITS = Limits()
