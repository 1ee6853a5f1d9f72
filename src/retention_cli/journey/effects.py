"""What steps do beside writing: fields of customers that they set, and campaigns that they start."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from retention_cli.compile import literals
from retention_cli.engine.statements import statement
from retention_cli.journey.frame import to_micros
from retention_cli.journey.tables import QUERIES
from retention_cli.model.duration import Duration
from retention_cli.model.kept_field import COLUMNS, KEPT_FIELDS, TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Running
    from retention_cli.model.program import Program, Step

_UPDATES = {"revision": "BIGINT", "step": "VARCHAR", "field": "VARCHAR", "tag": "VARCHAR", "value": "VARCHAR"}
_STARTED = {"campaign": "BIGINT", "customer_id": "VARCHAR", "occurrence": "VARCHAR", "started_at": "BIGINT"}
LATE = Duration(7, "day")
"""A start that its campaign has not taken up for so long, because it was off, enrols nobody any more."""


def upload_updates(frame: Frame, engine: DuckEngine, programs: Mapping[int, Program]) -> None:
    """Fill `program_updates`: what every step writes, a row a field or tag."""
    rows = [row for revision, program in programs.items() for step in program.steps for row in _writes(frame, revision, step)]
    engine.table("program_updates", _UPDATES, rows)


def _writes(frame: Frame, revision: int, step: Step) -> Iterator[tuple[object, ...]]:
    yield from ((revision, step.id, name, "", _settled(frame, name, value)) for name, value in step.sets)
    tags = {**dict.fromkeys(step.remove_tags, "false"), **dict.fromkeys(step.add_tags, "true")}
    yield from ((revision, step.id, TAGS, tag, value) for tag, value in tags.items())


def _settled(frame: Frame, name: str, value: str) -> str | None:
    """Return a value as the ledger keeps it: what a day such as `today` means is settled when it is written; empty text is missing."""
    kept = frame.project.kept_fields.get(name)
    if not value or kept is None:
        return value or None
    found = literals.read(value, kept.column_type, frame.moment)
    if isinstance(found, bool):
        return str(found).lower()
    return found.isoformat() if isinstance(found, (date, datetime)) else None if found is None else str(found)


def keep_fields(engine: DuckEngine, rows: Sequence[tuple[Any, ...]]) -> None:
    """Make the table of kept fields anew: (customer, field, tag, value), the last of each."""
    engine.table(KEPT_FIELDS, dict.fromkeys(COLUMNS, "VARCHAR"), rows)


def add_started(frame: Frame, engine: DuckEngine, campaigns: Mapping[int, Running]) -> None:
    """Add whom other campaigns have started to the candidates."""
    since = to_micros(LATE.before(frame.as_of, frame.project.zone))
    rows = [(identity, *row) for identity, running in campaigns.items() for row in frame.past.started(running.name, since, frame.micros)]
    engine.table("started", _STARTED, rows)
    engine.execute(statement(QUERIES, "started_candidates"), {})
