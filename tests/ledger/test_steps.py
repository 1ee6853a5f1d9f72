"""What steps remember, on both databases: until when, which way, which wording, and what came back of a message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from retention_cli.ledger.delta import Delta
from retention_cli.ledger.outbox import Mark, Outbox
from retention_cli.ledger.record import _PLANNED as PLANNED
from retention_cli.ledger.rows import EventRow
from retention_cli.model.state import MessageState
from support.ledgers import AS_OF, begin, check_invariants, query, seed, states, tick

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location


def test_a_journey_keeps_until_when_it_waits_and_when_it_ends(ledger: Ledger) -> None:
    run = begin(ledger)
    delta = tick(ledger.position(), 1)
    ledger.record(run, replace(delta, journeys_new=[(*delta.journeys_new[0][:12], AS_OF + 50, AS_OF + 90)]))
    assert [row[9:] for row in ledger.due_journeys(AS_OF + 10)] == [(AS_OF + 50, AS_OF + 90)]
    assert ledger.journeys_with_unsent()[0][11] == AS_OF + 90
    ledger.record(run, Delta(journeys_changed=[(1, "open", "wait-2", AS_OF + 10, None, AS_OF + 70)]))
    assert [row[9:] for row in ledger.due_journeys(AS_OF + 10)] == [(AS_OF + 70, AS_OF + 90)]
    ledger.record(run, Delta(journeys_changed=[(1, "open", "wait-3", AS_OF + 10, None, None)]))
    assert [row[9:] for row in ledger.due_journeys(AS_OF + 10)] == [(None, AS_OF + 90)], "another wait has another end"


def test_a_draw_is_for_ever(ledger: Ledger) -> None:
    run = seed(ledger, 1)
    ledger.record(run, Delta(assignments=[("half", "c1", "a", AS_OF), ("half", "c2", "b", AS_OF), ("other", "c1", "b", AS_OF)]))
    asked = [("half", "c1"), ("half", "c2"), ("half", "c3"), ("other", "c2")]
    assert sorted(ledger.assignments(asked)) == [("half", "c1", "a"), ("half", "c2", "b")]
    with pytest.raises(RuntimeError):
        ledger.record(run, Delta(assignments=[("half", "c1", "b", AS_OF)]))
    assert sorted(ledger.assignments(asked)) == [("half", "c1", "a"), ("half", "c2", "b")]


def test_a_reaction_is_that_of_a_person_to_this_message(ledger: Ledger) -> None:
    """By journey and step, up to the moment that is asked about; machines and other events do not count."""
    seed(ledger, 5)
    told = [(1, "email_opened", 5, {}), (2, "email_clicked", 5, {"machine": False}), (3, "email_opened", 5, {"machine": True}),
            (4, "email_delivered", 5, {}), (5, "email_opened", 20, {})]  # fmt: skip
    ledger.record_events([EventRow("t", str(n), f"c{n}", event, AS_OF + after, n, data) for n, event, after, data in told])
    asked = [(n, "send-1") for n in range(1, 6)]
    assert ledger.reacted(asked, AS_OF + 10) == {(1, "send-1"), (2, "send-1")}
    assert ledger.reacted(asked, AS_OF + 20) == {(1, "send-1"), (2, "send-1"), (5, "send-1")}
    assert ledger.reacted([(1, "send-2")], AS_OF + 10) == set()


def end(location: Location, state: MessageState) -> None:
    """Let a sender have an answer for every message that may leave."""
    with Outbox(location, "sender") as outbox:
        claims = outbox.claim(9, AS_OF, "email")
        for to in (MessageState.COMMITTING, state):
            assert outbox.mark([Mark(claim.message, to, AS_OF) for claim in claims]) == [claim.message for claim in claims]


def test_refused_messages_are_found_by_their_step(ledger: Ledger, location: Location) -> None:
    seed(ledger, 1)
    end(location, MessageState.REFUSED)
    seed(ledger, 1)
    assert list(ledger.refused([(1, "send-1"), (1, "other"), (2, "send-1")])) == [(1, "send-1")]


def test_a_message_of_unknown_fate_is_planned_again_once(ledger: Ledger, location: Location) -> None:
    run = seed(ledger, 1)
    end(location, MessageState.UNKNOWN)
    [(*_, step, _journey, state, _reason, _deadline)] = ledger.unknown_once()
    assert (step, state) == ("send-1", "unknown")
    ledger.record(run, Delta(messages_resent=[(1,)]))
    assert states(location) == {1: "planned"}
    end(location, MessageState.UNKNOWN)
    assert ledger.unknown_once() == [], "a second time somebody decides"
    check_invariants(location)


def test_what_was_settled_meanwhile_is_not_planned_again(ledger: Ledger, location: Location) -> None:
    run = seed(ledger, 1)
    end(location, MessageState.UNKNOWN)
    ledger.resolve_unknown([1], "sent", AS_OF, "found in the log")
    ledger.record(run, Delta(messages_resent=[(1,)]))
    assert states(location) == {1: "sent"}


def test_a_message_keeps_its_variant_and_events_tell_it(ledger: Ledger, location: Location) -> None:
    run = begin(ledger)
    delta = tick(ledger.position(), 1)
    row = list(delta.messages_new[0])
    row[PLANNED.index("variant")] = "named"
    ledger.record(run, replace(delta, messages_new=[tuple(row)]))
    end(location, MessageState.SENT)
    assert query(location, "SELECT variant FROM messages") == [("named",)]
    assert [row[-1] for row in ledger.own_events(AS_OF)] == ["named"]
