"""Where windows in time begin: what several questions about the same events must read is bounded by the earliest beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from retention_cli.compile import sql


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of a window: `instant`, in UTC without offset, lies in it or not; `hint` names the bound value."""

    instant: datetime
    inside: bool
    hint: str

    def bound(self, time: exp.Expr, values: sql.Values) -> exp.Expr:
        """Return that a time is not before the window."""
        compared = exp.GTE if self.inside else exp.GT
        return compared(this=time.copy(), expression=values.bind(self.instant, self.hint))


def _order(start: Start) -> tuple[datetime, bool]:
    return start.instant, not start.inside


def earliest(windows: Iterable[Sequence[Start]]) -> Start | None:
    """Return what begins first of several windows, each of which begins where its last start is; None where one has no beginning."""
    begun = [max(starts, key=_order, default=None) for starts in windows]
    known = [start for start in begun if start is not None]
    return min(known, key=_order) if known and len(known) == len(begun) else None
