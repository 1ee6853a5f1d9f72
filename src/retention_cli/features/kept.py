"""What was fitted, kept in the folder of the snapshot it was fitted to: gone with it, made anew where it is not readable.

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
    from retention_cli.model.snapshot import Snapshot

FORMAT = 1
FILE = "fitted.json"


def keep(snapshot: Snapshot, fitted: Fitted) -> None:
    """Keep a fit beside its snapshot."""
    write_text(_place(snapshot), json.dumps({"format": FORMAT, **asdict(fitted)}, indent=1, default=str))


def kept(snapshot: Snapshot, currency: str) -> Fitted | None:
    """Return the fit that is kept beside a snapshot; None where there is none that this version reads, or in another currency."""
    try:
        raw = json.loads(_place(snapshot).read_text(encoding="utf-8"))
        found = _read(raw) if raw.pop("format") == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    spending = found.spending if found is not None else None
    return None if isinstance(spending, Spending) and spending.currency != currency else found


def _place(snapshot: Snapshot) -> Path:
    return Path(snapshot.path).with_name(FILE)


def _read(raw: dict[str, Any]) -> Fitted:
    spending = Unfit(**raw["spending"]) if "why" in raw["spending"] else Spending(**raw["spending"])
    checks = tuple(FitCheck(**check) for check in raw["checks"])
    return Fitted(raw["orders"], date.fromisoformat(raw["until"]), Buying(**raw["buying"]), spending, checks)
