"""How a question about the facts is put: once, or again after each save (`--watch`), always answered by one `Told`."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.cli.options import TableFormat, moment
from retention_cli.cli.output import say
from retention_cli.cli.progress import Working
from retention_cli.cli.told import Told, tell
from retention_cli.errors import ProjectInvalid, RetentionError, UsageError
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.app.facts import View
    from retention_cli.app.watching import Warm

_CLEAR = "\x1b[2J\x1b[H"


@dataclass(frozen=True, slots=True)
class Ask:
    """Of which project, as of when, in which form the answer, and whether again after each save."""

    project: Path
    as_of: str | None
    format: TableFormat = TableFormat.TEXT
    target: str = "default"
    watch: bool = False


def ask(asked: Ask, answer: Callable[[View], Told]) -> None:
    """Look at the project's facts, put the question, and print the answer."""
    if asked.watch:
        _again(asked, answer)
        return
    with Working("reading the exports") as working:
        view = view_of(asked, working)
        told = answer(view)
    tell(told, asked.format)


def view_of(asked: Ask, working: Working) -> View:
    """Return the facts that a question is asked of."""
    from retention_cli.app.facts import look
    from retention_cli.app.workspace import find_root, open_project

    work = open_project(find_root(asked.project), asked.target)
    view = look(work, moment(asked.as_of, work.project.zone), working.say)
    working.step("asking")
    return view


def _again(asked: Ask, answer: Callable[[View], Told]) -> None:
    """Answer after each save, until somebody ends it; while the project is broken, its problems stand in the answer's place."""
    from retention_cli.app.watching import Warm, saves
    from retention_cli.app.workspace import find_root
    from retention_cli.clock import SystemClock

    if asked.format is TableFormat.CSV:
        raise UsageError("--watch answers again and again, and a CSV is one table", "use --format json: a line an answer")
    root, clock = find_root(asked.project), SystemClock()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside it closes its engine too
    with Warm(root, asked.target) as warm:
        for files in saves(root, clock):
            began = clock.monotonic()
            _once(asked, answer, warm, root)
            say(f"watching {plural(files, 'file')}, answered in {clock.monotonic() - began:.2f} s; Ctrl-C ends")


def _once(asked: Ask, answer: Callable[[View], Told], warm: Warm, root: Path) -> None:
    try:
        with Working("reading the exports") as working:
            told = answer(warm.look(lambda work: moment(asked.as_of, work.project.zone), working.say))
    except RetentionError as error:
        _start_over(asked)
        _told(error, root)
        return
    _start_over(asked)
    tell(told, asked.format, one_line=True)
    sys.stdout.flush()


def _start_over(asked: Ask) -> None:
    """Make room: a terminal is cleared, elsewhere an empty line parts one table from the next."""
    if asked.format is TableFormat.TEXT:
        print(_CLEAR if sys.stdout.isatty() else "", end="" if sys.stdout.isatty() else "\n", flush=True)


def _told(error: RetentionError, root: Path) -> None:
    if isinstance(error, ProjectInvalid):
        from retention_cli.cli.problems import show_problems

        show_problems(error.problems, root)
        return
    say(f"error: {error}")
    if error.hint:
        say(f"hint: {error.hint}")
