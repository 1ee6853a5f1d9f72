"""What retention.lock must hold of learned thresholds: each of them, and as it is asked now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.project.notes import Code, Notes

if TYPE_CHECKING:
    from retention_cli.model.lock import Lock
    from retention_cli.model.project import Project


def check_learned(project: Project, lock: Lock) -> Notes:
    """Warn of thresholds that the lock does not have, or has as they were asked once."""
    notes = Notes()
    for name, asked in project.learned.items():
        pinned = lock.learned.get(name)
        if pinned is None:
            notes.warn(asked.name.place, Code.NOT_LEARNED, f"retention.lock has no value of {name!r} yet", "run `retention lock`")
        elif pinned.meaning != asked.meaning:
            message = f"retention.lock has {name!r} as the {pinned.meaning}, and here it is the {asked.meaning}"
            notes.warn(asked.name.place, Code.NOT_LEARNED, message, "run `retention lock`")
    return notes
