"""Fixed SQL stands in files beside the code that runs it: one statement a file, with a comment for why."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def statement(package: str, name: str) -> str:
    """Return the text of `name.sql` in a package's folder of queries."""
    return (files(package) / f"{name}.sql").read_text(encoding="utf-8")
