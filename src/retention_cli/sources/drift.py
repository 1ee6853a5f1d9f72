"""Columns whose type would be another one now than the settled one: shown, and never changed in silence.

Values that do not fit a settled type are set aside as bad rows; here they are counted and looked at together: what type
would hold both them and the old ones? What `types:` of the project changes is shown likewise, before an import settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.quoting import fill
from retention_cli.model.snapshot import Drift
from retention_cli.model.source import ColumnType
from retention_cli.sources.infer import fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.sources.layout import Layout, Planned

_LOOKED_AT = 1_000
_WIDER = {ColumnType.INTEGER: ColumnType.DECIMAL, ColumnType.DATE: ColumnType.TIME}
VALUES, PROJECT = "values", "types"


def drifts(engine: DuckEngine, layout: Layout) -> tuple[Drift, ...]:
    """Return the columns of `raw` whose type would be another one now."""
    misfits = {int(n): (int(count), list(some)) for n, count, some in engine.run(_MISFITS, {"limit": _LOOKED_AT})} if layout.was else {}
    return tuple(drift for n, column in enumerate(layout.columns) for drift in _of_column(engine, layout, n, column, misfits.get(n, (0, []))))


_MISFITS = """
SELECT split_part(bad, ':', 1) AS n, count(*), list(bad[strpos(bad, ':') + 1:])[:$limit]
FROM raw WHERE regexp_matches(bad, '^[0-9]+:') GROUP BY n
"""


def _of_column(engine: DuckEngine, layout: Layout, n: int, column: Planned, misfits: tuple[int, Sequence[str]]) -> Iterator[Drift]:
    was, now = layout.was.get(column.name), column.type
    if was is None or now is None:
        return
    if was is not now:
        count = int(engine.run(fill("SELECT count(v{n}) FROM raw", n=n))[0][0])
        yield Drift(column.origin, str(was), str(now), count, count + misfits[0], PROJECT)
    elif misfits[0]:
        fitting = int(engine.run(fill("SELECT count(v{n}) FROM raw", n=n))[0][0])
        yield Drift(column.origin, str(was), str(_both(was, column, misfits[1])), misfits[0], fitting + misfits[0], VALUES)


def _both(was: ColumnType, column: Planned, values: Sequence[str]) -> ColumnType:
    """Return the narrowest type that holds values of the old one and these."""
    wider = _WIDER.get(was)
    return wider if wider is not None and all(fits(value, wider, column.dress) for value in values) else ColumnType.TEXT


def told(drift: Drift) -> str:
    """Say what is another now, and what to do."""
    share = f"{drift.values:,} of {drift.of:,} values"
    if drift.by == PROJECT:
        return f"column {drift.column!r}: {drift.settled} → {drift.now} by `types:` ({share}); `retention data import` settles it"
    change = f"types: {{{drift.column}: {drift.now}}}"
    return f"column {drift.column!r}: {drift.settled} → {drift.now}? {share} are no {drift.settled}; mend the export, or settle it: {change}"
