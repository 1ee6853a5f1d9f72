"""Pieces of SQL text that are safe to join: names, literals, and templates filled with such pieces.

`Sql` marks text that is a statement or a part of one. Only the functions here make it from anything that came from a
user or from data, so the type checker finds whoever pastes raw text. Values are bound (`$name`) wherever the engine
takes a value; `literal` is for the few places where it takes none (COPY TO, SET, a view's body).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Iterable

Sql = NewType("Sql", str)


def identifier(name: str) -> Sql:
    """Return a quoted name; raises ValueError where the engine could not keep it (empty, or with a NUL)."""
    if not name or "\x00" in name:
        raise ValueError("a name in SQL is neither empty nor has a NUL in it")
    return Sql('"' + name.replace('"', '""') + '"')


def literal(text: str) -> Sql:
    """Return a text literal."""
    return Sql("'" + text.replace("'", "''") + "'")


def fill(template: str, **pieces: Sql | int) -> Sql:
    """Return `template` with its `{name}` places taken by safe pieces."""
    return Sql(template.format(**pieces))


def joined(pieces: Iterable[Sql], between: str = ", ") -> Sql:
    """Return pieces in a row."""
    return Sql(between.join(pieces))
