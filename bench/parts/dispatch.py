"""Sending, told in two ways that must not be mixed up, both against Postfix's smtp-sink.

*Dispatch alone*: `deliver.dispatch` over a real ledger and the smtp channel, with finished bytes handed to it. It claims,
writes `committing` durably before each final dot, and records every answer. Beside it stands smtp-source, which repeats one
fixed text of the same size over as many connections and writes nothing down: the goal is a share of its speed.

*End to end*: `retention send`, which also renders every message for its person, in processes of its own. The goal is in
messages a second; the ratio to smtp-source, which renders nothing, is told without one.

The messages are planned by a real run whose stop file keeps it from sending; each measurement sends from a fresh copy of
that ledger.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from kit.measure import Figure, Times, alternate
from kit.place import BENCH
from kit.project import LETTER, LETTERS_AS_OF, SHELVES, SHELVES_LARGE, write_letters
from kit.sink import program, smtp_sink

from retention_cli.app.facts import look
from retention_cli.app.message import preview
from retention_cli.app.workspace import open_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kit.place import Place

ALONE = 0.5
A_SECOND, A_SECOND_LARGE = 2000, 1000
MESSAGES = 6000
CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Letters:
    """A project whose ledger holds `MESSAGES` planned letters of `size` octets, and what its sending told besides its time."""

    folder: Path
    size: int
    told: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """What was sent, in words."""
        return f"{MESSAGES} messages of {self.size / 1024:.1f} KiB, {CONNECTIONS} connections"


def measure(place: Place, rounds: int) -> Iterator[Figure]:
    """Yield dispatch alone against smtp-source, then end to end, for a usual letter and for a large one."""
    usual, large = _planned(place, "usual", SHELVES), _planned(place, "large", SHELVES_LARGE)
    with smtp_sink() as port:
        times = alternate(
            rounds,
            {
                "alone": lambda: _sent(place, usual, port, "deliver", str(usual.size)),
                "source": _flood(place, usual.size, port),
                "kept": _flood(place, usual.size, port, "-d"),
                "whole": lambda: _sent(place, usual, port, "send"),
                "large": lambda: _sent(place, large, port, "send"),
            },
        )
    yield from _alone(usual, times)
    yield _end_to_end(usual, times["whole"], A_SECOND)
    yield _end_to_end(large, times["large"], A_SECOND_LARGE)
    what = f"end to end, rendering included: {usual.text}"
    yield Figure("dispatch", what, _rate(times["whole"]), _source(times["source"]), times["source"].median / times["whole"].median)


def _alone(letters: Letters, times: dict[str, Times]) -> Iterator[Figure]:
    ours, source, kept = times["alone"], times["source"], times["kept"]
    what = f"dispatch alone, nothing rendered: {letters.text}"
    yield Figure("dispatch", what, _rate(ours), _source(source), source.median / ours.median, ALONE, at_least=True)
    yield Figure("dispatch", what, _rate(ours), _source(kept, " -d"), kept.median / ours.median)
    share = median(told["ledger"] / told["seconds"] for told in letters.told if "ledger" in told)
    yield Figure("dispatch", "dispatch alone: share of its time in the ledger", f"{share:.0%}", value=share, unit="of it")


def _end_to_end(letters: Letters, times: Times, goal: float) -> Figure:
    what = f"end to end, rendering included: {letters.text}"
    return Figure("dispatch", what, _rate(times), value=MESSAGES / times.median, goal=goal, at_least=True, unit="/s")


def _planned(place: Place, name: str, shelves: int) -> Letters:
    """Return a project with a ledger in which every message is planned and none was sent."""
    project = write_letters(place.folder / "letters" / name, MESSAGES, shelves)
    stop = project / ".retention" / "stop"
    stop.parent.mkdir()
    stop.touch()
    ended = place.retention(project, "run", "--target", "smtp", "--as-of", LETTERS_AS_OF, "--format", "json", codes=(5,))
    entered = json.loads(ended.out)["campaigns"][0]["send"]
    if entered != MESSAGES:
        raise AssertionError(f"{entered} messages were planned, not {MESSAGES}")
    stop.unlink()
    return Letters(project, _size(project), [])


def _size(project: Path) -> int:
    """Return how large a message is."""
    work = open_project(project)
    view = look(work, datetime.fromisoformat(LETTERS_AS_OF).replace(tzinfo=work.project.zone))
    return len(preview(view, LETTER, str(MESSAGES // 2), None, lambda _: None).raw)


def _sent(place: Place, letters: Letters, port: int, how: str, *words: str) -> float:
    """Send from a copy of the project, as another ledger of its own; return the seconds."""
    copy = letters.folder.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.rmtree(place.folder / "state", ignore_errors=True)
    shutil.copytree(letters.folder, copy)
    done = json.loads(place.python(BENCH / "child.py", how, copy, "smtp", *words, SMTP_URL=f"smtp://127.0.0.1:{port}").out)
    if done["sent"] != MESSAGES:
        raise AssertionError(f"{done['sent']} of {MESSAGES} messages were sent: {done}")
    letters.told.append(done)
    return float(done["seconds"])


def _flood(place: Place, size: int, port: int, *options: str) -> Callable[[], float]:
    """Return what measures smtp-source with messages of a size; `-d` keeps its connections."""
    counts = ["-s", str(CONNECTIONS), "-m", str(MESSAGES), "-l", str(size)]
    command = [program("smtp-source"), *counts, "-f", "a@example.com", "-t", "b@example.com", *options, f"127.0.0.1:{port}"]
    return lambda: place.process(command, place.folder).seconds


def _source(times: Times, options: str = "") -> str:
    return f"smtp-source -s {CONNECTIONS}{options} {_rate(times)}"


def _rate(times: Times) -> str:
    least, most = MESSAGES / max(times.seconds), MESSAGES / min(times.seconds)
    return f"{MESSAGES / times.median:,.0f}/s ({least:,.0f} to {most:,.0f})"
