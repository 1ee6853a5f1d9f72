"""What a test names: segments and sources of the project, and people of its own.

Which columns a source has is not known here. A test that leans on what is unknown or unsound is taken out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.case import Who
from retention_cli.model.mail import OWN_EVENTS
from retention_cli.model.source import CUSTOMERS
from retention_cli.project.checks import note_unknown_segment, segments_in
from retention_cli.project.notes import Code
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention_cli.model.case import Case
    from retention_cli.model.project import Settings
    from retention_cli.model.segment import Segment
    from retention_cli.project.cases import Read
    from retention_cli.project.notes import Notes
    from retention_cli.project.objects import Named

CUSTOMER = "customer_id"


def sound_cases(cases: Iterable[Read], segments: Named[Segment], settings: Settings | None, notes: Notes) -> tuple[Case, ...]:
    """Note what tests name in vain, and return the sound ones."""
    kept = []
    for case, sound in cases:
        before = notes.errors
        asked = segments_in([each.condition for each in case.expect if isinstance(each, Who)])
        for node in asked:
            if node.name:
                note_unknown_segment(node.name, node.place, segments, notes)
        if settings is not None:
            _check_sources(case, {CUSTOMERS, OWN_EVENTS, *map(str, settings.sources)}, notes)
        _check_people(case, notes)
        if sound and notes.errors == before and all(node.name in segments.sound for node in asked):
            kept.append(case)
    return tuple(kept)


def _check_sources(case: Case, known: set[str], notes: Notes) -> None:
    for source in case.given:
        if source not in known:
            notes.error(source.place, Code.UNKNOWN_SOURCE, f"there is no source {str(source)!r}", did_you_mean(source, known))


def _check_people(case: Case, notes: Notes) -> None:
    """Note people who are expected but not given: whoever is misspelt would be missing, or absent, for no reason."""
    known = {str(row.values[key]) for rows in case.given.values() for row in rows for key in row.values if key == CUSTOMER}
    for expectation in case.expect:
        for who in expectation.people:
            if who not in known:
                hint = did_you_mean(who, known) or "give a row with this customer_id"
                notes.error(who.place, Code.UNKNOWN_CUSTOMER, f"nobody in 'given' is the customer {str(who)!r}", hint)
