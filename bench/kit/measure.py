"""Timing that stands up on a noisy machine: things are measured beside each other, in turns, and told as medians.

A figure is a ratio of two medians of one run, or a time or size of its own; `goal` is the number that it must not pass
(`at_least`: fall below). Processes are measured from outside: wall time, and the largest memory that the kernel saw.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

MEBIBYTE = 1 << 20


class Missing(Exception):
    """Something that a part needs is not on this machine; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured, ours, what stands beside it, and what it must not pass."""

    part: str
    what: str
    ours: str
    beside: str = ""
    value: float | None = None
    goal: float | None = None
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None or self.value is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def goal_text(self) -> str:
        """The goal in words."""
        return "" if self.goal is None else f"{'≥' if self.at_least else '≤'} {self.goal:,g}{'' if self.unit == '/s' else ' '}{self.unit}"

    @property
    def value_text(self) -> str:
        """The figure that the goal speaks of."""
        return "" if self.value is None else f"{self.value:,.0f}{self.unit}" if self.unit == "/s" else f"{self.value:.2f} {self.unit}"

    def as_json(self) -> dict[str, Any]:
        """Return the figure for programs."""
        return {**asdict(self), "met": self.met}


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of one thing, in the order they were taken."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.seconds)

    def __str__(self) -> str:
        return f"{shown(self.median)} ({shown(min(self.seconds))} to {shown(max(self.seconds))})"


def shown(seconds: float) -> str:
    """Return a time for people."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def alternate(rounds: int, things: Mapping[str, Callable[[], float]]) -> dict[str, Times]:
    """Measure things in turns, each round in the other direction, so that a busy minute meets all of them; each returns its seconds."""
    taken: dict[str, list[float]] = {name: [] for name in things}
    for number in range(rounds):
        for name in list(things)[:: 1 if number % 2 == 0 else -1]:
            taken[name].append(things[name]())
    return {name: Times(tuple(seconds)) for name, seconds in taken.items()}


def timed(work: Callable[[], object]) -> float:
    """Return how long a call takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that ended: `memory` is the most it held resident, in bytes."""

    code: int
    out: str
    seconds: float
    memory: int


def process(command: Sequence[str | Path], folder: Path, env: Mapping[str, str], codes: Sequence[int] = (0,)) -> Ended:
    """Run a process to its end; raises RuntimeError with what it said where its code is not expected."""
    began = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command], cwd=folder, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        # Both are short, far below what a pipe holds, so they can be read after the end.
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out = child.stdout.read() if child.stdout else ""
        said = child.stderr.read() if child.stderr else ""
    if child.returncode not in codes:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{said[-2000:]}")
    return Ended(child.returncode, out, seconds, usage.ru_maxrss * 1024)
