"""Why messages wait though nothing speaks against them: nobody can know, or nobody is there, or somebody must look first.

Nothing is guessed: a message that is held leaves when its reason is gone, and its journey waits with it, as behind a cap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.tables import QUERIES
from retention_cli.model.condition import Did, EventsLike, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.model.program import Program

CAPPED, NO_VOUCHER, TOO_OLD, ABSENT, TOO_MANY = "capped", "no voucher", "data too old", "absent from the export", "too many exits"
_WITH_JOURNEY = frozenset({CAPPED, NO_VOUCHER, TOO_OLD, ABSENT, TOO_MANY})
_ALONE = frozenset({"campaign is off", "quiet hours"})


def held_for(reason: str | None) -> tuple[str | None, bool]:
    """Return the kind of a held message's reason, None where it is not known here, and whether the journey waits with it."""
    kind = (reason or "").partition(": ")[0]
    return (kind if kind in _WITH_JOURNEY | _ALONE else None), kind in _WITH_JOURNEY


def load_holds(frame: Frame, engine: DuckEngine, programs: Mapping[int, Program]) -> None:
    """Fill `held_subjects(subject, reason)`: whose messages wait now; `exit_surges` is known by then."""
    engine.table("absent_customers", {"customer_id": "VARCHAR"}, [(customer,) for customer in frame.absent])
    stale = [(revision, ", ".join(sources)) for revision, program in programs.items() if (sources := sorted(_too_old(frame, program)))]
    engine.table("stale_programs", {"revision": "BIGINT", "sources": "VARCHAR"}, stale)
    engine.execute(statement(QUERIES, "held_subjects"), {"absent": ABSENT, "too_many": TOO_MANY, "too_old": TOO_OLD})


def _too_old(frame: Frame, program: Program) -> set[str]:
    """Return the sources that are older than an exit of the program allows."""
    return {source for did in _limited(program) for source in _sources(frame, did) if _is_stale(frame, source, did)}


def _limited(program: Program) -> Iterator[Did]:
    for each in program.exits:
        yield from (node for node in walk(each.condition) if isinstance(node, Did) and node.max_data_age is not None)


def _sources(frame: Frame, did: Did) -> set[str]:
    found: set[str] = set()
    for event in did.query.events:
        if isinstance(event, EventsLike):
            tables = frame.schema.tables_like(source=event.source, starts_with=event.starts_with)
        else:
            tables = frame.schema.tables_of(str(event))
        found |= {str(table.source) for table in tables}
    return found


def _is_stale(frame: Frame, source: str, did: Did) -> bool:
    age = frame.ages.get(source)
    return age is not None and did.max_data_age is not None and age.is_before(did.max_data_age.before(frame.as_of, frame.project.zone))
