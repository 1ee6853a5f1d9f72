"""The writing of one tick's decisions, inside the caller's transaction: set statements and bulk rows, no row by row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from retention_cli.ledger import bulk, moves
from retention_cli.ledger import statement as statements
from retention_cli.ledger.address import normalised
from retention_cli.ledger.moves import RESENT
from retention_cli.ledger.statement import statement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sqlalchemy import Connection

    from retention_cli.ledger.delta import Delta
    from retention_cli.ledger.rows import Run

_JOURNEY = (
    *("id", "campaign", "customer", "occurrence", "revision", "entered_at", "state"),
    *("step", "due_at", "reason", "trigger", "per", "until_at", "deadline_at"),
)
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
    "open_until",
    "kind",
    "topic",
    "variant",
)
_VOUCHER = ("message", "pool", "customer", "journey", "step", "code", "shared", "valid_until", "at", "run")
FILE = "file"
"""Where a suppression comes from that the shop's own file says."""
_MESSAGE = (*_PLANNED, "address_key", "state", "changed_at", "run")
_CHANNEL, _ADDRESS, _PLANNED_AT = _PLANNED.index("channel"), _PLANNED.index("address"), _PLANNED.index("planned_at")


def write_delta(connection: Connection, run: Run, delta: Delta) -> int:
    """Write everything; return how many of the messages to be stopped were still waiting."""
    _write_campaigns(connection, run, delta)
    _approve(connection, delta)
    _migrate(connection, run, delta)
    bulk.insert(connection, "contexts", ("id", "count", "body", "run"), _with(run.id, delta.contexts))
    bulk.insert(connection, "journeys", _JOURNEY, delta.journeys_new)
    _change_journeys(connection, delta)
    _plan_messages(connection, run, delta)
    bulk.insert(connection, "assignments", ("experiment", "customer", "path", "at", "run"), _with(run.id, delta.assignments))
    bulk.insert(connection, "verdicts", ("campaign", "customer", "occurrence", "verdict", "as_of", "facts", "run"), _with(run.id, delta.verdicts))
    _change_messages(connection, delta)
    _write_effects(connection, run, delta)
    _keep_listed(connection, run, delta)
    bulk.insert(connection, "goals", ("journey", "goal", "reached_at", "value", "run"), _with(run.id, delta.goals))
    bulk.insert(connection, "transitions", moves.HISTORY, ((run.id, *row) for row in delta.transitions))
    _write_generation(connection, run, delta)
    _resend(connection, run, delta)
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


def _migrate(connection: Connection, run: Run, delta: Delta) -> None:
    for campaign, old_revision, old_step, new_revision, new_step in delta.migrations:
        which = {"campaign": campaign, "old_revision": old_revision, "old_step": old_step, "new_step": new_step}
        connection.execute(statement("tell_migrated", connection.dialect.name), which | {"run": run.id, "at": run.as_of})
        connection.execute(statement("migrate", connection.dialect.name), which | {"new_revision": new_revision})


def _change_journeys(connection: Connection, delta: Delta) -> None:
    if not delta.journeys_changed:
        return
    rows = {"rows": json.dumps(delta.journeys_changed)}
    changed = connection.execute(statement("change_journeys", connection.dialect.name), rows).rowcount
    if changed != len(delta.journeys_changed):
        raise RuntimeError(f"{len(delta.journeys_changed)} journeys were to change, but {changed} of them are open")


def _change_messages(connection: Connection, delta: Delta) -> None:
    """Give messages that have not left another address, or another window."""
    addressed = [(message, address, normalised(channel, address)) for message, channel, address in delta.messages_readdressed]
    for name, rows in (("readdress", addressed), ("reschedule", delta.messages_rescheduled)):
        if rows:
            connection.execute(statement(name, connection.dialect.name), {"rows": json.dumps(rows)})


def _write_effects(connection: Connection, run: Run, delta: Delta) -> None:
    """Hand vouchers out, keep fields, and remember who enters another campaign."""
    bulk.insert(connection, "vouchers", _VOUCHER, _with(run.id, delta.vouchers_new))
    if delta.vouchers_given:
        given = connection.execute(statement("give_vouchers", connection.dialect.name), {"rows": json.dumps(delta.vouchers_given)}).rowcount
        if given != len(delta.vouchers_given):
            raise RuntimeError(f"{len(delta.vouchers_given)} messages were to get a code, but {given} of them want one")
    bulk.insert(connection, "customer_fields", ("customer", "field", "tag", "value", "at", "run"), _with(run.id, delta.fields_written))
    bulk.insert(connection, "starts", ("journey", "step", "campaign", "customer", "occurrence", "at", "run"), _with(run.id, delta.starts))


def _keep_listed(connection: Connection, run: Run, delta: Delta) -> None:
    """Let stand what the shop's own file says now, and nothing that it says no more."""
    if delta.suppressions_lifted:
        lifted = {"ids": delta.suppressions_lifted, "at": run.as_of}
        connection.execute(statement("lift_suppressions", connection.dialect.name), lifted)
    rows = ((*row, FILE, run.as_of, run.id) for row in delta.suppressions_listed)
    bulk.insert(connection, "suppressions", ("channel", "address", "customer", "reason", "source", "at", "run"), rows)


def _plan_messages(connection: Connection, run: Run, delta: Delta) -> None:
    """Write the new messages, and that they were planned."""
    if delta.messages_new:
        bulk.insert(connection, "messages", _MESSAGE, _messages(run, delta))
        statements.run(connection, "tell_planned", {"run": run.id, "first": min(row[0] for row in delta.messages_new)})


def _messages(run: Run, delta: Delta) -> Iterator[tuple[Any, ...]]:
    for row in delta.messages_new:
        yield (*row, normalised(row[_CHANNEL], row[_ADDRESS]), "planned", row[_PLANNED_AT], run.id)


def _stop_messages(connection: Connection, run: Run, delta: Delta) -> int:
    if not delta.messages_stopped:
        return 0
    picked = connection.execute(statement("pick_stopped", connection.dialect.name), {"rows": json.dumps(delta.messages_stopped)}).all()
    moves.make(connection, [moves.Move(message, before, after, run.as_of, reason) for message, before, after, reason in picked], run=run.id)
    return len(picked)


def _resend(connection: Connection, run: Run, delta: Delta) -> None:
    """Plan once more what is still of unknown fate; somebody may have said meanwhile what became of it."""
    if not delta.messages_resent:
        return
    picked = statements.rows(connection, "pick_unknown", {"ids": [row[0] for row in delta.messages_resent]})
    moves.make(connection, [moves.Move(row[0], "unknown", "planned", run.as_of, RESENT) for row in picked], run=run.id)


def _write_generation(connection: Connection, run: Run, delta: Delta) -> None:
    if delta.generation is None:
        return
    id_, as_of, segments, whole, change = delta.generation
    row = (id_, run.id, as_of, json.dumps(segments, ensure_ascii=False), whole, change)
    bulk.insert(connection, "generations", ("id", "run", "as_of", "segments", "whole", "delta"), [row])
    connection.execute(statement("thin_generations", connection.dialect.name))


def _with(run: int, rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    return ((*row, run) for row in rows)
