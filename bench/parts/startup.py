"""Start-up: what `--help` costs above a bare Python, and how long `validate` takes for a project of 200 files.

Both are whole processes. The project has a retention.lock, so no data is needed, and none is there.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kit.measure import Figure, Times, alternate, shown
from kit.project import write_many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kit.place import Place

GOAL_HELP = 0.15
GOAL_VALIDATE = 1.0
FILES = 200


def measure(place: Place, rounds: int) -> Iterator[Figure]:
    """Yield both figures."""
    many = write_many(place.folder / "many", FILES)
    rounds = max(rounds, 7)
    place.retention(many, "--help")
    place.retention(many, "validate", "--strict")
    times = alternate(
        rounds,
        {
            "help": lambda: place.retention(many, "--help").seconds,
            "bare": lambda: place.process([sys.executable, "-c", "pass"], many).seconds,
            "validate": lambda: place.retention(many, "validate", "--strict").seconds,
        },
    )
    above = Times(tuple(ours - bare for ours, bare in zip(times["help"].seconds, times["bare"].seconds, strict=True)))
    bare = f"bare Python {shown(times['bare'].median)}"
    yield Figure("startup", "--help, above bare Python", str(times["help"]), bare, above.median, GOAL_HELP, unit="s")
    yield Figure("startup", f"validate, {FILES} files", str(times["validate"]), "", times["validate"].median, GOAL_VALIDATE, unit="s")
