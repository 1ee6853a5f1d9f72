"""The writing of one tick's decisions, inside the caller's transaction: set statements and bulk rows, no row by row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from retention_cli.ledger import bulk, moves
from retention_cli.ledger.address import normalised
from retention_cli.ledger.statement import statement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sqlalchemy import Connection

    from retention_cli.ledger.delta import Delta
    from retention_cli.ledger.rows import Run

_JOURNEY = ("id", "campaign", "customer", "occurrence", "revision", "entered_at", "state", "step", "due_at", "reason", "trigger", "per")
_PLANNED = (
    "id",
    "journey",
    "step",
    "campaign",
    "customer",
    "channel",
    "address",
    "template",
    "context",
    "context_index",
    "planned_at",
    "not_before",
    "not_after",
)
_MESSAGE = (*_PLANNED, "address_key", "state", "changed_at", "run")
_CHANNEL, _ADDRESS, _PLANNED_AT = _PLANNED.index("channel"), _PLANNED.index("address"), _PLANNED.index("planned_at")


def write_delta(connection: Connection, run: Run, delta: Delta) -> int:
    """Write everything; return how many of the messages to be stopped were still waiting."""
    _write_campaigns(connection, run, delta)
    _approve(connection, delta)
    bulk.insert(connection, "contexts", ("id", "count", "body", "run"), _with(run.id, delta.contexts))
    bulk.insert(connection, "journeys", _JOURNEY, delta.journeys_new)
    _change_journeys(connection, delta)
    bulk.insert(connection, "messages", _MESSAGE, _messages(run, delta))
    bulk.insert(connection, "verdicts", ("campaign", "customer", "occurrence", "verdict", "as_of", "facts", "run"), _with(run.id, delta.verdicts))
    bulk.insert(connection, "goals", ("journey", "goal", "reached_at", "value", "run"), _with(run.id, delta.goals))
    bulk.insert(connection, "transitions", moves.HISTORY, ((run.id, *row) for row in delta.transitions))
    _write_generation(connection, run, delta)
    if delta.manifest is not None:
        told = {"id": run.id, "manifest": json.dumps(delta.manifest, ensure_ascii=False)}
        connection.execute(statement("tell_manifest", connection.dialect.name), told)
    return _stop_messages(connection, run, delta)  # last: what this tick planned may be stopped by it, in this order


def _write_campaigns(connection: Connection, run: Run, delta: Delta) -> None:
    bulk.insert(connection, "campaigns", ("id", "name", "first_as_of", "first_run"), _with(run.id, delta.campaigns_new))
    bulk.insert(connection, "revisions", ("id", "campaign", "fingerprint", "program", "run"), _with(run.id, delta.revisions_new))
    for hash_, body in delta.templates:
        connection.execute(statement("keep_template", connection.dialect.name), {"hash": hash_, "body": body})


def _approve(connection: Connection, delta: Delta) -> None:
    for campaign in delta.approved:
        connection.execute(statement("approve_surge", connection.dialect.name), {"campaign": campaign})


def _change_journeys(connection: Connection, delta: Delta) -> None:
    if not delta.journeys_changed:
        return
    rows = {"rows": json.dumps(delta.journeys_changed)}
    changed = connection.execute(statement("change_journeys", connection.dialect.name), rows).rowcount
    if changed != len(delta.journeys_changed):
        raise RuntimeError(f"{len(delta.journeys_changed)} journeys were to change, but {changed} of them are open")


def _messages(run: Run, delta: Delta) -> Iterator[tuple[Any, ...]]:
    for row in delta.messages_new:
        yield (*row, normalised(row[_CHANNEL], row[_ADDRESS]), "planned", row[_PLANNED_AT], run.id)


def _stop_messages(connection: Connection, run: Run, delta: Delta) -> int:
    if not delta.messages_stopped:
        return 0
    picked = connection.execute(statement("pick_stopped", connection.dialect.name), {"rows": json.dumps(delta.messages_stopped)}).all()
    moves.make(connection, [moves.Move(message, before, after, run.as_of, reason) for message, before, after, reason in picked], run=run.id)
    return len(picked)


def _write_generation(connection: Connection, run: Run, delta: Delta) -> None:
    if delta.generation is None:
        return
    id_, as_of, segments, whole, change = delta.generation
    row = (id_, run.id, as_of, json.dumps(segments, ensure_ascii=False), whole, change)
    bulk.insert(connection, "generations", ("id", "run", "as_of", "segments", "whole", "delta"), [row])
    connection.execute(statement("thin_generations", connection.dialect.name))


def _with(run: int, rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    return ((*row, run) for row in rows)
