"""`PYTHONPATH=bench python -m tick.run [--people 1000000] [--due 200000] [--json FILE]`: a tick over a ledger full of journeys.

Thirty campaigns of all kinds over the shop of bench/segments; as many open journeys as customers, of which some are due. Measured,
on SQLite and on PostgreSQL, each in a process of its own: the tick in which they are due, by stage, with the largest memory of
the process; and the tick after it, in which nobody is due, no export has changed and no evaluation is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from kit.machine import describe, load
from kit.measure import MEBIBYTE, Figure, Missing, shown
from kit.place import BENCH, Place
from run import table

from tick.postgres import server
from tick.shop import write

GOAL_TICK, GOAL_IDLE, GOAL_MEMORY = 4.0, 1.0, 1536.0
CHILD = BENCH / "tick" / "child.py"
FIRST = datetime.fromisoformat("2026-05-01T00:00+00:00")
FILLED, DUE, IDLE = (FIRST + timedelta(minutes=minutes) for minutes in (10, 20, 30))


def main() -> int:
    """Measure, print, and say by the code whether every goal is met."""
    parser = argparse.ArgumentParser(description="Measure a tick over a ledger full of journeys.")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=200_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    (BENCH / "out").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BENCH / "out") as folder:
        figures = _measure(Place(Path(folder), None), asked.people, asked.due, asked.json)
    return 1 if any(figure.met is False for figure in figures) else 0


def _measure(place: Place, people: int, due: int, out: Path | None) -> list[Figure]:
    machine = describe(place.folder)
    print(", ".join(f"{what} {value}" for what, value in machine.items()), flush=True)
    project = write(place.folder / "shop", people)
    figures = _on(place, project, "SQLite", people, due)
    try:
        with server() as url:
            os.environ["LEDGER_URL"] = url
            figures += _on(place, project, "PostgreSQL", people, due)
    except Missing as missing:
        print(f"PostgreSQL: left out: {missing}", flush=True)
    print(table(figures))
    print(f"load at the end {load()}")
    if out is not None:
        out.write_text(json.dumps({"machine": machine, "figures": [figure.as_json() for figure in figures]}, indent=2) + "\n", encoding="utf-8")
    return figures


def _on(place: Place, project: Path, ledger: str, people: int, due: int) -> list[Figure]:
    """Measure on one kind of ledger. Its first run, which looks at everything for the first time, stands outside the clock."""
    place.retention(project, "run", "--as-of", FIRST.isoformat())
    place.python(CHILD, "fill", project, FILLED.isoformat(), str(people), str(due), PYTHONPATH=str(BENCH))
    goal = GOAL_TICK if ledger == "SQLite" else None
    figures = []
    for what, moment, limit in ((f"{due:,} of {people:,} journeys due", DUE, goal), ("nobody due", IDLE, GOAL_IDLE)):
        ended = place.python(CHILD, "tick", project, moment.isoformat(), PYTHONPATH=str(BENCH))
        told = json.loads(ended.out)
        print(f"{ledger}, {what}: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in told["stages"].items()), flush=True)
        figures.append(Figure("tick", f"{ledger}: {what}", shown(told["seconds"]), "", told["seconds"], limit, unit="s"))
        memory = GOAL_MEMORY if moment is DUE else None
        figures.append(Figure("tick", f"{ledger}: {what}, memory of the process", "", "", ended.memory / MEBIBYTE, memory, unit="MiB"))
    return figures


if __name__ == "__main__":
    sys.exit(main())
