"""How a long command talks while it works, and how it is told to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from retention_cli.model.state import MessageState


@dataclass(frozen=True, slots=True)
class Hooks:
    """`say` takes a line, `progress` counts by state while messages leave, `stop` is asked several times a second.

    After `stop` what is on its way may finish. While `halted` holds (the stop file), nothing is decided, claimed or committed at all.
    """

    say: Callable[[str], None]
    progress: Callable[[Mapping[MessageState, int]], None]
    stop: Callable[[], bool]
    halted: Callable[[], bool] = lambda: False
