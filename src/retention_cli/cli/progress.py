"""A sign of life for what takes longer than a second: on a terminal a line on stderr that counts the seconds and then goes away.

Where stderr is no terminal nothing is drawn; what is said there is whole lines, as everywhere.
"""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager
from typing import Self

from retention_cli.cli.output import say

PATIENCE = 1.0
"""Seconds until it is drawn."""
_ERASE = "\r\x1b[K"


class Working(AbstractContextManager["Working"]):
    """Use it around the work; `say` is a voice that the drawn line makes room for."""

    def __init__(self, doing: str = "working") -> None:
        self._doing = doing
        self._ended = threading.Event()
        self._screen = threading.Lock()
        self._drawn = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._thread = threading.Thread(target=self._tick, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        with self._screen:
            self._erase()

    def step(self, doing: str) -> None:
        """Tell what is being done from now on."""
        self._doing = doing

    def say(self, text: str) -> None:
        """Say a line on stderr."""
        with self._screen:
            self._erase()
            say(text)

    def _tick(self) -> None:
        waited = PATIENCE
        while not self._ended.wait(PATIENCE):
            with self._screen:
                self._erase()
                sys.stderr.write(f"{self._doing} \u2026 {waited:.0f} s")
                sys.stderr.flush()
                self._drawn = True
            waited += PATIENCE

    def _erase(self) -> None:
        if self._drawn:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
            self._drawn = False
