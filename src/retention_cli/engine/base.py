"""What a place that runs compiled SQL must offer; later engines fit here and nothing above them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Row = tuple[Any, ...]
"""One row of a result; times are naive and in UTC."""


class Engine(Protocol):
    """Three calls: run a compiled query, upload a small table, stream a result back."""

    def run(self, sql: str, values: Mapping[str, object] = ...) -> list[Row]:
        """Run one statement with its bound values and return every row."""

    def table(self, name: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
        """Make a table of these columns (name → SQL type) and fill it."""

    def stream(self, sql: str, values: Mapping[str, object] = ..., *, size: int = ...) -> Iterator[list[Row]]:
        """Run one statement and yield its rows in lists of `size`."""
