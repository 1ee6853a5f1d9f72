"""A second look at the exports while a run sends: who ordered meanwhile gets nothing more.

Looked at are the files as they lie; what is far away is not fetched again before the next run. An export that cannot be read
or believed just now, because it is being written, changes nothing and is looked at again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from retention_cli.app.facts import View, gather
from retention_cli.app.plan import Wanted, frame_of
from retention_cli.errors import DataUnreachable, GuardStopped, ProjectInvalid
from retention_cli.journey.again import look_again
from retention_cli.model.state import MessageState
from retention_cli.sources.places.fetch import files_of
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from retention_cli.app.workspace import Workspace
    from retention_cli.clock import Clock
    from retention_cli.ledger.delta import Delta
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.rows import Run
    from retention_cli.sources.files import Stamp

EVERY = 60.0
"""Seconds from one look to the next."""

Stamps = dict[str, "Stamp"]


class Look(Protocol):
    """What a dispatch asks: whether there is something to look at, which is true until it was taken, and to look."""

    def is_due(self) -> bool:
        """Whether messages must wait for a look."""

    def take(self) -> Mapping[MessageState, int]:
        """Look where it is due; return how many messages were stopped, by what they became."""


class _Never:
    def is_due(self) -> bool:
        return False

    def take(self) -> Mapping[MessageState, int]:
        return {}


NO_LOOK = _Never()


@dataclass(slots=True, eq=False)
class SecondLook:
    """Looks on behalf of one run, whose decision was made as of `as_of` on exports with the stamps `seen`.

    `began` is the clock's reading at `as_of`, `every` in seconds; `approved` are campaigns that however many may leave.
    """

    work: Workspace
    as_of: datetime
    clock: Clock
    ledger: Ledger
    run: Run
    say: Callable[[str], None]
    seen: Stamps
    began: float
    every: float = EVERY
    approved: frozenset[str] = frozenset()
    looked_at: float = field(init=False)
    due: bool = False

    def __post_init__(self) -> None:
        """Count from now."""
        self.looked_at = self.clock.monotonic()

    def is_due(self) -> bool:
        """Whether an export is another than it was; asked often, it looks only now and then."""
        now = self.clock.monotonic()
        if not self.due and now - self.looked_at >= self.every:
            self.looked_at = now
            self.due = stamps(self.work) != self.seen
        return self.due

    def take(self) -> Mapping[MessageState, int]:
        """Import what changed, and stop whom it stops."""
        if not self.due:
            return {}
        self.due = False
        seen = stamps(self.work)
        try:
            delta = self._decide(self.as_of + timedelta(seconds=self.clock.monotonic() - self.began))
        except (DataUnreachable, GuardStopped, ProjectInvalid) as error:
            self.say(f"an export changed while messages leave, and cannot be used now; it is looked at again: {error}")
            return {}
        finally:
            self.looked_at = self.clock.monotonic()
        self.seen = seen
        self.ledger.record(self.run, delta)
        counts = Counter(MessageState(state) for _, state, _ in delta.messages_stopped)
        if counts:
            self.say(f"an export changed while messages leave: {plural(counts.total(), 'message')} stopped")
        return counts

    def _decide(self, now: datetime) -> Delta:
        facts = gather(self.work, now)
        facts.demand_sound()
        view = View(self.work, facts, now)
        with view.engine() as engine:
            return look_again(frame_of(view, self.ledger, engine, Wanted(approved=self.approved)), engine)


def stamps(work: Workspace) -> Stamps:
    """Return the stamps of all files that exports are read from; one that is not there has none."""
    found: Stamps = {}
    for name, source in work.project.sources.items():
        try:
            files = files_of(name, source, Path(work.root), work.store, fetch=False)
        except DataUnreachable:
            continue
        found |= {file.path: file.stamp for file in files}
    return found
