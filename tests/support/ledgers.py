"""Small ledgers for tests: a tick of one campaign, and what must hold in any ledger at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from retention_cli.ledger.connect import connect
from retention_cli.ledger.delta import Delta
from retention_cli.model.state import ALLOWED, JourneyState, MessageState

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location
    from retention_cli.ledger.rows import Run

AS_OF = 1_000_000


def begin(ledger: Ledger, as_of: int = AS_OF) -> Run:
    """Begin a run."""
    return ledger.begin_run(as_of=as_of, target="default", started_at=as_of, host="here", pid=1)


def tick(position: Any, count: int, *, as_of: int = AS_OF, **message: Any) -> Delta:
    """Return a tick that enters `count` customers into the campaign `welcome` and plans a message for each.

    `not_before`, `not_after`, `open_until` and `channel` set those columns of every message.
    """
    first_journey, first_message, chunk = position.next_journey, position.next_message, position.next_context
    new = position.next_campaign == 1
    customers = [f"c{first_journey + i:06d}" for i in range(count)]
    channel, before, after = message.get("channel", "email"), message.get("not_before"), message.get("not_after")
    return Delta(
        campaigns_new=[(1, "welcome", as_of)] if new else [],
        revisions_new=[(1, 1, "f1", "{}")] if new else [],
        journeys_new=[
            (first_journey + i, 1, customer, f"e{i}", 1, as_of, "open", "wait-1", as_of + 10, None, None, "", None, None)
            for i, customer in enumerate(customers)
        ],
        messages_new=[
            (
                first_message + i,
                first_journey + i,
                "send-1",
                1,
                c,
                channel,
                f"{c}@example.com",
                "hash",
                chunk,
                i,
                as_of,
                before,
                after,
                message.get("open_until"),
                "performance",
                None,
                None,
            )
            for i, c in enumerate(customers)
        ],
        transitions=[("journey", first_journey + i, None, "open", as_of, "entered") for i in range(count)],
        contexts=[(chunk, count, b"contexts")],
        templates=[("hash", "{}")],
    )


def seed(ledger: Ledger, count: int, *, as_of: int = AS_OF, **message: Any) -> Run:
    """Begin a run and record one tick."""
    run = begin(ledger, as_of)
    ledger.record(run, tick(ledger.position(), count, as_of=as_of, **message))
    return run


def query(location: Location, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """Ask a ledger directly."""
    with connect(location, write=False) as connection:
        return _all(connection, sql, **values)


def change(location: Location, sql: str, **values: Any) -> None:
    """Write into a ledger directly."""
    with connect(location, write=True) as connection, connection.begin():
        connection.execute(text(sql), values)


def states(location: Location) -> dict[int, str]:
    """Return every message's state."""
    return {message: state for message, state in query(location, "SELECT id, state FROM messages")}  # noqa: C416 - rows are lists to mypy


def check_invariants(location: Location) -> None:
    """Hold what must always hold: whole pages, each state the end of an allowed history, one row of history a change."""
    with connect(location, write=False) as connection:
        if location.url is None:
            assert _all(connection, "PRAGMA integrity_check") == [("ok",)]
        moves = _all(connection, "SELECT subject, subject_id, from_state, to_state FROM transitions ORDER BY seq")
        messages = _all(connection, "SELECT id, state, claimed_by FROM messages")
        journeys = dict(_all(connection, "SELECT id, state FROM journeys"))
    last: dict[tuple[str, int], str] = {}
    for subject, subject_id, before, after in moves:
        assert last.get((subject, subject_id)) == before, (subject, subject_id, before, after)
        if subject == "message" and before is not None:
            assert MessageState(after) in ALLOWED[MessageState(before)]
        last[subject, subject_id] = after
    assert {id_: last["message", id_] for id_, *_ in messages} == {id_: state for id_, state, _ in messages}
    assert {id_: last["journey", id_] for id_ in journeys} == {id_: JourneyState(state) for id_, state in journeys.items()}
    assert all((holder is not None) == (state in ("claimed", "committing")) for _, state, holder in messages)


def _all(connection: Connection, sql: str, **values: Any) -> list[Any]:
    with connection.begin():
        return [tuple(row) for row in connection.execute(text(sql), values)]
