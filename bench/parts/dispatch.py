"""Dispatch: personal messages by SMTP with their marks made durable, against Postfix's smtp-source into the same sink.

The messages are planned by a real run whose stop file keeps it from sending; then `retention send` is measured, each time
on a copy of the same ledger: it claims, renders, writes `committing` before each final dot, and records every answer.
smtp-source repeats one fixed text of the same size over as many connections and writes nothing down.
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from typing import TYPE_CHECKING

from kit.measure import Figure, Times, alternate
from kit.place import BENCH
from kit.project import LETTER, LETTERS_AS_OF, write_letters
from kit.sink import program, smtp_sink

from retention_cli.app.facts import look
from retention_cli.app.message import preview
from retention_cli.app.workspace import open_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kit.place import Place

GOAL = 0.5
MESSAGES = 6000
CONNECTIONS = 4


def measure(place: Place, rounds: int) -> Iterator[Figure]:
    """Yield messages a second, ours and smtp-source's."""
    source = program("smtp-source")
    planned = _planned(place)
    size = _size(planned)
    with smtp_sink() as port:
        flood = [source, "-s", str(CONNECTIONS), "-m", str(MESSAGES), "-l", str(size), "-f", "a@example.com", "-t", "b@example.com"]
        times = alternate(
            rounds,
            {
                "ours": lambda: _sent(place, planned, port),
                "source": lambda: place.process([*flood, f"127.0.0.1:{port}"], place.folder).seconds,
                "kept": lambda: place.process([*flood, "-d", f"127.0.0.1:{port}"], place.folder).seconds,
            },
        )
    what = f"{MESSAGES} personal messages of {size / 1024:.1f} KiB, {CONNECTIONS} connections"
    ours, other, kept = times["ours"], times["source"], times["kept"]
    yield Figure("dispatch", what, _rate(ours), f"smtp-source -s {CONNECTIONS} {_rate(other)}", other.median / ours.median, GOAL, at_least=True)
    yield Figure("dispatch", what, _rate(ours), f"smtp-source -s {CONNECTIONS} -d {_rate(kept)}", kept.median / ours.median)


def _planned(place: Place) -> Path:
    """Return a project with a ledger in which every message is planned and none was sent."""
    project = write_letters(place.folder / "letters" / "planned", MESSAGES)
    stop = project / ".retention" / "stop"
    stop.parent.mkdir()
    stop.touch()
    ended = place.retention(project, "run", "--target", "smtp", "--as-of", LETTERS_AS_OF, "--format", "json", codes=(5,))
    entered = json.loads(ended.out)["campaigns"][0]["send"]
    if entered != MESSAGES:
        raise AssertionError(f"{entered} messages were planned, not {MESSAGES}")
    stop.unlink()
    return project


def _size(project: Path) -> int:
    """Return how large a message is."""
    work = open_project(project)
    view = look(work, datetime.fromisoformat(LETTERS_AS_OF).replace(tzinfo=work.project.zone))
    return len(preview(view, LETTER, str(MESSAGES // 2), None, lambda _: None).raw)


def _sent(place: Place, planned: Path, port: int) -> float:
    """Send from a copy of the project, as another ledger of its own; return the seconds."""
    copy = planned.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.rmtree(place.folder / "state", ignore_errors=True)
    shutil.copytree(planned, copy)
    done = json.loads(place.python(BENCH / "child.py", "send", copy, "smtp", SMTP_URL=f"smtp://127.0.0.1:{port}").out)
    if done["sent"] != MESSAGES:
        raise AssertionError(f"{done['sent']} of {MESSAGES} messages were sent: {done}")
    return float(done["seconds"])


def _rate(times: Times) -> str:
    least, most = MESSAGES / max(times.seconds), MESSAGES / min(times.seconds)
    return f"{MESSAGES / times.median:,.0f}/s ({least:,.0f} to {most:,.0f})"
