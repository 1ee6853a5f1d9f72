"""How a run talks while it works: progress on a terminal, lines in cron; and how signals and the stop file end it in order."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from retention_cli.app.hooks import Hooks
from retention_cli.cli.output import say
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from retention_cli.app.workspace import Workspace
    from retention_cli.model.state import MessageState


class _Stopping:
    """The first signal asks for an orderly end, the second one ends at once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, _: FrameType | None) -> None:
        if self.asked:
            os._exit(128 + number)
        self.asked = True
        say("stopping: what is on its way may finish; once more to end at once")


@contextmanager
def hooks(work: Workspace) -> Iterator[Hooks]:
    """Give a run its voice and its ears, and take the signal handlers back afterwards."""
    stopping, halted = _Stopping(), work.stop_file.exists
    before = {number: signal.signal(number, stopping) for number in (signal.SIGINT, signal.SIGTERM)}
    progress = _Progress()
    try:
        yield Hooks(progress.line, progress.count, lambda: stopping.asked or halted(), halted)
    finally:
        progress.end()
        for number, handler in before.items():
            signal.signal(number, handler)


class _Progress:
    """One line that is written over on a terminal; nothing but said lines elsewhere."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.written = 0

    def line(self, text: str) -> None:
        self.end()
        say(text)

    def count(self, counts: Mapping[MessageState, int]) -> None:
        if not self.live:
            return
        text = ", ".join(f"{state} {count:,}" for state, count in counts.items() if count) or plural(0, "message")
        sys.stderr.write("\r" + text.ljust(self.written))
        sys.stderr.flush()
        self.written = len(text)

    def end(self) -> None:
        if self.written:
            sys.stderr.write("\n")
            self.written = 0
