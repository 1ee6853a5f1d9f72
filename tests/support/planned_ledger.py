"""A ledger with messages that may leave now, planned as a run would, and what can be asked of it afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from retention_cli.deliver.outbox import micros
from retention_cli.ledger.connect import connect
from retention_cli.ledger.delta import Delta
from retention_cli.ledger.ledger import open_ledger
from retention_cli.model.state import ALLOWED, MessageState

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.ledger.location import Location

STEP = "send-1"


def plan_messages(
    location: Location, witness: Path, count: int, *, now: datetime | None = None, template: str = "{}", context: bytes = b"{}"
) -> None:
    """Make a ledger in which messages 1 … `count` are planned, to person1@example.com and so on."""
    at = micros(now or datetime.now(UTC))
    ids = range(1, count + 1)
    delta = Delta(
        campaigns_new=[(1, "welcome", at)],
        revisions_new=[(1, 1, "f", "{}")],
        journeys_new=[(id_, 1, f"c{id_}", "1", 1, at, "open", STEP, None, None, None, "", None, None) for id_ in ids],
        messages_new=[
            (id_, id_, STEP, 1, f"c{id_}", "email", f"person{id_}@example.com", "t1", 1, id_ - 1, at, None, None, None, "performance", None, None)
            for id_ in ids
        ],
        contexts=[(1, count, context)],
        templates=[("t1", template)],
    )
    with open_ledger(location, witness_dir=witness) as ledger:
        run = ledger.begin_run(as_of=at, target="test", started_at=at, host="here", pid=1)
        ledger.record(run, delta)


def states(location: Location) -> dict[int, MessageState]:
    """Return the state of every message."""
    with connect(location, write=True) as connection:
        return {int(id_): MessageState(state) for id_, state in connection.exec_driver_sql("SELECT id, state FROM messages")}


def faults(location: Location) -> list[str]:
    """Return what is wrong with a ledger: a history that is no allowed path or ends elsewhere than the message, a damaged file."""
    found: list[str] = []
    at: dict[int, str | None] = {}
    with connect(location, write=True) as connection:
        rows = connection.exec_driver_sql("SELECT subject_id, from_state, to_state FROM transitions WHERE subject = 'message' ORDER BY seq").all()
        for message, before, after in rows:
            allowed = before is None or MessageState(after) in ALLOWED[MessageState(before)]
            if at.get(message) != before or not allowed:
                found.append(f"message {message} moved from {before} to {after}, but stood at {at.get(message)}")
            at[message] = after
        found += [f"message {id_} is {state}, its history says {at.get(id_)}" for id_, state in states(location).items() if at.get(id_) != state]
        if location.url is None and (said := connection.exec_driver_sql("PRAGMA integrity_check").scalar()) != "ok":
            found.append(f"the file is damaged: {said}")
    return found
