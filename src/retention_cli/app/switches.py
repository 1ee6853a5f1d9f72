"""What a person switches off while messages leave: a campaign (`enabled: false`, or its file gone), looked at once a second.

The stop file is looked at more often, for it is one look; see `Hooks.halted`. A project that cannot be read, because somebody
is in the middle of a change, switches nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.app.watching import stamps
from retention_cli.app.workspace import read_project

if TYPE_CHECKING:
    from retention_cli.app.workspace import Workspace
    from retention_cli.clock import Clock
    from retention_cli.model.project import Project

_SECONDS = 0.5


class Switches:
    """Which campaigns are on: as the project was opened, and as its files say since."""

    def __init__(self, work: Workspace, clock: Clock) -> None:
        self._work = work
        self._clock = clock
        self._seen = stamps(work.root)
        self._looked_at = clock.monotonic()
        self._on = _on(work.project)
        self._taken = self._on

    def take(self) -> list[str]:
        """Return the campaigns that are on now; `turned_off` tells from then on of changes to this."""
        self._look()
        self._taken = self._on
        return sorted(self._on)

    def turned_off(self) -> bool:
        """Whether a campaign has been switched off since the last `take`; asked often, it looks twice a second."""
        if self._clock.monotonic() - self._looked_at >= _SECONDS:
            self._look()
        return not self._taken <= self._on

    def _look(self) -> None:
        self._looked_at = self._clock.monotonic()
        now = stamps(self._work.root)
        if now == self._seen:
            return
        self._seen = now  # a project that is wrong is read again after the next save, and not twice a second
        project, _, problems = read_project(self._work.root, self._work.target_name)
        if project is not None and not any(problem.is_error for problem in problems):
            self._on = _on(project)


def _on(project: Project) -> frozenset[str]:
    return frozenset(name for name, campaign in project.campaigns.items() if campaign.enabled)
