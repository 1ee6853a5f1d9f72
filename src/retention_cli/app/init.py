"""`retention init` and `retention schema`: what a project begins with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from retention_cli.app.workspace import STATE
from retention_cli.ledger.location import Location
from retention_cli.ledger.witness import Witness
from retention_cli.project import scaffold, starters
from retention_cli.project.loader import SETTINGS
from retention_cli.project.schema import KINDS, json_schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path


def init(folder: Path) -> list[Path]:
    """Make a starter project with its schemas; raise UsageError where one is there already."""
    made = scaffold.init(folder, folder.resolve().name)
    return [*made, *_begin(folder)]


def init_demo(folder: Path, as_of: datetime, customers: int) -> list[Path]:
    """Make the demo shop with its exports as of a moment."""
    from retention_cli.app.demo_data import write  # noqa: PLC0415 - only the demo needs it

    made = starters.copy_demo(folder)
    write(folder / "data", as_of=as_of, customers=customers)
    return [*made, folder / "data", *_begin(folder)]


def init_with(folder: Path, names: Sequence[str], language: str) -> list[Path]:
    """Put starter campaigns into a project, or begin one with them; raise UsageError where a campaign is not known or there already."""
    is_new = not (folder / SETTINGS).exists()
    made = starters.add_starters(folder, names, language, folder.resolve().name)
    return [*made, *(_begin(folder) if is_new else [])]


def _begin(folder: Path) -> list[Path]:
    """Forget a ledger that once stood in this place: a new project was asked for, in so many words."""
    location = Location.parse(None, folder.resolve())
    if not location.file.exists():
        Witness(location).forget()
    return write_schemas(folder)


def write_schemas(root: Path) -> list[Path]:
    """Write every schema where the editor lines of the project's files look for it."""
    folder = root / STATE / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in KINDS:
        path = folder / f"{kind}.json"
        path.write_text(json.dumps(json_schema(kind), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
