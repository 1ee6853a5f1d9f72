"""What was fitted, kept in the folder of the snapshot it was fitted to: gone with it, made anew where it is not readable.

Where orders stand in several sources it is kept beside the first one's, and is that of all of them or none.

snapshots/<orders>-<id>/fitted.json
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_cli.model.fitted import Buying, FitCheck, Fitted, Spending, Unfit
from retention_cli.sources.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.model.snapshot import Snapshot

FORMAT = 1
FILE = "fitted.json"


def identity(snapshots: Sequence[Snapshot]) -> str:
    """Return which orders these are: the snapshots' ids, as they are in a fit's `orders`."""
    return "+".join(snapshot.id for snapshot in snapshots)


def keep(snapshots: Sequence[Snapshot], fitted: Fitted) -> None:
    """Keep a fit beside the snapshots of orders that it was fitted to."""
    write_text(_place(snapshots), json.dumps({"format": FORMAT, **asdict(fitted)}, indent=1, default=str))


def kept(snapshots: Sequence[Snapshot], currency: str) -> Fitted | None:
    """Return the fit of these snapshots of orders; None where none is kept that this version reads, or in another currency."""
    try:
        raw = json.loads(_place(snapshots).read_text(encoding="utf-8"))
        found = _read(raw) if raw.pop("format") == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if found is None or found.orders != identity(snapshots):
        return None
    return None if isinstance(found.spending, Spending) and found.spending.currency != currency else found


def _place(snapshots: Sequence[Snapshot]) -> Path:
    return Path(snapshots[0].path).with_name(FILE)


def _read(raw: dict[str, Any]) -> Fitted:
    spending = Unfit(**raw["spending"]) if "why" in raw["spending"] else Spending(**raw["spending"])
    checks = tuple(FitCheck(**check) for check in raw["checks"])
    return Fitted(raw["orders"], date.fromisoformat(raw["until"]), Buying(**raw["buying"]), spending, checks)
