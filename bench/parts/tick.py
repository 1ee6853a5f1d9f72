"""`retention run` on the larger real project, from its exports to a mail server: how long, and how much memory.

It runs twice: with nothing imported yet, and once more with everything known and nothing due.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from kit.measure import MEBIBYTE, Figure, shown
from kit.place import AS_OF
from kit.sink import smtp_sink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kit.measure import Ended
    from kit.place import Place

GOAL = 1024.0
PROJECT = "completejourney"


def measure(place: Place, rounds: int) -> Iterator[Figure]:  # noqa: ARG001 - memory hardly varies: once is enough
    """Yield memory and time of a whole run."""
    project = place.folder / "run" / PROJECT
    shutil.copytree(place.project(PROJECT), project, ignore=shutil.ignore_patterns(".retention"))
    with smtp_sink() as port:
        words = ("run", "--target", "smtp", "--as-of", AS_OF[PROJECT], "--format", "json")
        first = place.retention(project, *words, SMTP_URL=f"smtp://127.0.0.1:{port}")
        second = place.retention(project, *words, SMTP_URL=f"smtp://127.0.0.1:{port}")
    yield _figure("import, decide, send", first, GOAL)
    yield _figure("once more, nothing new", second, GOAL)


def _figure(what: str, ended: Ended, goal: float) -> Figure:
    sent = json.loads(ended.out)["messages"]["sent"]
    return Figure("run", f"{PROJECT}: {what}", f"{shown(ended.seconds)}, {sent} sent", "", ended.memory / MEBIBYTE, goal, unit="MiB")
