"""`PYTHONPATH=bench python -m segments.run [--people 1000000] [--rounds 5] [--json FILE]`: a hundred segments over a shop of any size.

Measured in one run, in turns: the import; all sizes of 50 and of 100 segments in one plan, against the plan that is written by
hand, a query a segment and (where dbt-duckdb is installed) a dbt model a segment; one segment more on known features; the
memberships with their difference to the evaluation before; and the largest memory of the process that does it. All ways must
find the same numbers of members.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from kit.machine import describe, load
from kit.measure import MEBIBYTE, Figure, Missing, Times, alternate, shown
from kit.place import BENCH, Place
from run import table

from segments.dbt import Dbt
from segments.segments import by_hand, write_segments
from segments.shop import AS_OF, write_shop

GOAL_BY_HAND, GOAL_APART, GOAL_DBT, GOAL_HUNDRED, GOAL_MORE, GOAL_DIFF, GOAL_MEMORY = 1.3, 4.0, 5.0, 1.3, 0.02, 0.5, 2048.0
GOAL_IMPORT = 2048.0
ONE_MORE = 20
"""How many further segments are added to measure one: a single one is lost in the noise."""
CHILD = BENCH / "segments" / "child.py"


def main() -> int:
    """Measure, print, and say by the code whether every goal is met."""
    parser = argparse.ArgumentParser(description="Measure a hundred segments over a made-up shop.")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    (BENCH / "out").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BENCH / "out") as folder:
        figures = _measure(Place(Path(folder), None), asked.people, asked.rounds, asked.json)
    return 1 if any(figure.met is False for figure in figures) else 0


def _measure(place: Place, people: int, rounds: int, out: Path | None) -> list[Figure]:
    machine = describe(place.folder)
    print(", ".join(f"{what} {value}" for what, value in machine.items()), flush=True)
    project = write_shop(place.folder / "shop", people)
    write_segments(project, 1)
    imported = place.retention(project, "data", "import", "--as-of", AS_OF)
    figures = [
        Figure("scale", f"{people:,} customers, first import", shown(imported.seconds), "", imported.memory / MEBIBYTE, GOAL_IMPORT, unit="MiB")
    ]
    more = place.folder / "more"
    shutil.copytree(project, more, ignore=shutil.ignore_patterns("segments"), copy_function=_link)
    write_segments(more, 2)
    figures += _plans(place, project, more, rounds)
    print(table(figures))
    print(f"load at the end {load()}")
    if out is not None:
        out.write_text(json.dumps({"machine": machine, "figures": [figure.as_json() for figure in figures]}, indent=2) + "\n", encoding="utf-8")
    return figures


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _plans(place: Place, project: Path, more: Path, rounds: int) -> list[Figure]:
    dbt = Dbt(place, project)
    found: dict[str, list[int]] = {}
    memory: dict[str, list[int]] = {}

    def child(name: str, *words: str | Path) -> float:
        ended = place.python(CHILD, *words)
        told = json.loads(ended.out)
        found.setdefault(name, told["sizes"])
        memory.setdefault(name, []).append(ended.memory)
        return float(told["seconds"])

    def of_dbt() -> float:
        seconds, found["dbt"] = dbt.run()
        return seconds

    hand = place.folder / "hand.sql"
    hand.write_text(by_hand(1), encoding="utf-8")
    things = {
        "fifty": lambda: child("fifty", "plan", project),
        "hundred": lambda: child("hundred", "plan", more),
        "one more": lambda: child("one more", "plan", project, str(ONE_MORE)),
        "hand": lambda: child("hand", "hand", project, hand),
        "apart": lambda: child("apart", "apart", project),
        "difference": lambda: child("difference", "difference", project),
        "bitmaps": lambda: child("bitmaps", "bitmaps", project),
    }
    try:
        dbt.prepare()
        things["dbt"] = of_dbt
    except Missing as missing:
        print(f"dbt: left out: {missing}", flush=True)
    times = alternate(rounds, things)
    _demand_same(found)
    return list(_figures(times, max(memory["fifty"]) / MEBIBYTE))


def _demand_same(found: dict[str, list[int]]) -> None:
    """Raise where two ways do not find the same numbers."""
    for name in ("hand", "apart", "dbt"):
        if name in found and found[name] != found["fifty"]:
            raise AssertionError(f"{name} finds other numbers of members than the plan")


def _figures(times: dict[str, Times], memory: float) -> list[Figure]:
    fifty, hundred = times["fifty"], times["hundred"]
    more = max(times["one more"].median - fifty.median, 0.0) / ONE_MORE
    apart, hand, diff, packed = times["apart"], times["hand"], times["difference"], times["bitmaps"]
    figures = [
        Figure("scale", "50 segments", str(fifty), f"by hand {hand}", fifty.median / hand.median, GOAL_BY_HAND),
        _faster(fifty, f"a query a segment {apart}", apart.median, GOAL_APART),
        Figure("scale", "100 segments", str(hundred), f"50 segments {fifty}", hundred.median / fifty.median, GOAL_HUNDRED),
        Figure("scale", "a further segment on known features", shown(more), "", more, GOAL_MORE, unit="s"),
        Figure("scale", "memberships: who came and went since the evaluation before", str(diff), "", diff.median, GOAL_DIFF, unit="s"),
        Figure("scale", "memberships: packed for the ledger", str(packed), "", packed.median, None, unit="s"),
        Figure("scale", "50 segments, memory of the process", "", "", memory, GOAL_MEMORY, unit="MiB"),
    ]
    if "dbt" in times:
        figures.append(_faster(fifty, f"dbt-duckdb {times['dbt']}", times["dbt"].median, GOAL_DBT))
    return figures


def _faster(fifty: Times, beside: str, seconds: float, goal: float) -> Figure:
    return Figure("scale", "50 segments", str(fifty), beside, seconds / fifty.median, goal, at_least=True, unit="x faster")


if __name__ == "__main__":
    sys.exit(main())
