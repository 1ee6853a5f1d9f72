"""Import: our snapshots of a project's exports against DuckDB's own COPY of the same files, typed and sorted by hand.

Ours hashes every byte, judges every value, counts every line, writes what it refuses with its line, and makes the
result durable; the script does none of that. What both write must be the same rows.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import duckdb
from kit.measure import Figure, alternate
from kit.place import AS_OF, BENCH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kit.place import Place

GOAL = 1.5


def measure(place: Place, rounds: int) -> Iterator[Figure]:
    """Yield the figures of both real projects."""
    for name in AS_OF:
        yield from _project(place, name, rounds)


def _project(place: Place, name: str, rounds: int) -> Iterator[Figure]:
    project = place.project(name)
    store, known, out = (place.folder / "import" / name / each for each in ("fresh", "known", "duckdb"))
    _work(place, "import", project, known)
    _by_hand(place, name, project, out)
    _demand_equal(name, known, out)
    times = alternate(
        rounds,
        {
            "ours": lambda: _anew(place, store, "import", project, store),
            "first": lambda: _anew(place, store, "import", project, store, "fresh"),
            "unchanged": lambda: _work(place, "import", project, known),
            "duckdb": lambda: _by_hand(place, name, project, out),
        },
    )
    ours, duck = times["ours"], times["duckdb"]
    yield Figure("import", name, str(ours), f"DuckDB COPY {duck}", ours.median / duck.median, GOAL)
    yield Figure("import", f"{name}, columns not settled yet", str(times["first"]), f"DuckDB COPY {duck}", times["first"].median / duck.median)
    yield Figure("import", f"{name}, nothing changed", str(times["unchanged"]))


def _anew(place: Place, store: Path, *words: str | Path) -> float:
    shutil.rmtree(store, ignore_errors=True)
    return _work(place, *words)


def _work(place: Place, *words: str | Path) -> float:
    return float(json.loads(place.python(BENCH / "child.py", *words).out)["seconds"])


def _by_hand(place: Place, name: str, project: Path, out: Path) -> float:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return _work(place, "script", BENCH / "baseline" / f"{name}_import.sql", project / "data", out)


def _demand_equal(name: str, store: Path, out: Path) -> None:
    """Raise where our snapshots and the script's Parquet do not hold the same rows."""
    with duckdb.connect() as database:
        for theirs in sorted(out.glob("*.parquet")):
            (ours,) = store.glob(f"snapshots/{theirs.stem}-*/data.parquet")
            columns = ", ".join(f'"{row[0]}"' for row in database.sql(f"DESCRIBE FROM '{ours}'").fetchall())
            sides = [f"SELECT {columns} FROM '{path}'" for path in (ours, theirs)]
            for one, other in (sides, sides[::-1]):
                (different,) = database.sql(f"SELECT count(*) FROM ({one} EXCEPT ALL {other})").fetchall()[0]
                if different:
                    raise AssertionError(f"{name}: {different} rows of {theirs.stem} are not the same in the snapshot and in DuckDB's copy")
