"""`python bench/run.py`: measure what matters against what stands beside it, in one run; print a table.

    --only import,segments,dispatch,rendering,run,startup,tests   some parts; --rounds N (at least 5 for a figure that counts); --json FILE

Goals are told, and whether they are met; a goal that is missed ends the program with 1. Parts that need data or programs
which are not here say so and are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from kit.machine import describe, load
from kit.measure import Figure, Missing
from kit.place import BENCH, Place, find_data
from parts import dispatch, imports, rendering, segments, startup, tests, tick

PARTS = {
    "import": imports.measure,
    "segments": segments.measure,
    "dispatch": dispatch.measure,
    "rendering": rendering.measure,
    "run": tick.measure,
    "startup": startup.measure,
    "tests": tests.measure,
}
COLUMNS = ("part", "what", "ours", "beside it", "figure", "goal", "")


def main() -> int:
    """Measure, print, and say by the code whether every goal is met."""
    asked = _asked()
    (BENCH / "out").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BENCH / "out") as folder:
        return _measure(asked, Place(Path(folder), find_data()))


def _measure(asked: argparse.Namespace, place: Place) -> int:
    machine = describe(place.folder)
    print(", ".join(f"{what} {value}" for what, value in machine.items()), flush=True)
    figures: list[Figure] = []
    for name in asked.only:
        try:
            for figure in PARTS[name](place, asked.rounds):
                figures.append(figure)
                print(f"  {name}: {figure.what}: {figure.value_text or figure.ours}", file=sys.stderr, flush=True)
        except Missing as missing:
            print(f"{name}: left out: {missing}", flush=True)
    machine["load at the end"] = load()
    print(table(figures))
    print(f"load at the end {machine['load at the end']}")
    if asked.json:
        text = json.dumps({"machine": machine, "figures": [figure.as_json() for figure in figures]}, indent=2, ensure_ascii=False)
        asked.json.write_text(text + "\n", encoding="utf-8")
    return 1 if any(figure.met is False for figure in figures) else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure against what stands beside it, in one run.")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help="parts, with commas between")
    parser.add_argument("--rounds", type=int, default=7, help="how often each thing is measured, in turns")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    asked = parser.parse_args()
    if unknown := [name for name in asked.only if name not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return asked


def table(figures: list[Figure]) -> str:
    """Return the figures as a plain table."""
    verdicts = {None: "", True: "met", False: "MISSED"}
    rows = [COLUMNS, *((f.part, f.what, f.ours, f.beside, f.value_text, f.goal_text, verdicts[f.met]) for f in figures)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


if __name__ == "__main__":
    sys.exit(main())
