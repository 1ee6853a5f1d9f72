"""What is committed and has not left yet: its gates can still close, and it can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.ledger.outbox import Mark, Outbox
from retention_cli.ledger.rows import Suppression
from retention_cli.model.state import MessageState
from support.ledgers import AS_OF, check_invariants, query, seed, states

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location

NOW = AS_OF + 100


def commit(outbox: Outbox, count: int) -> None:
    """Claim so many messages and commit them together."""
    marks = [Mark(claim.message, MessageState.COMMITTING, NOW) for claim in outbox.claim(count, NOW, "email")]
    assert len(outbox.mark(marks)) == count


def unsubscribe(ledger: Ledger, customer: int) -> None:
    """Suppress a customer, from another connection."""
    ledger.suppress([Suppression("email", "unsubscribed", "web", NOW, customer=f"c{customer:06}")])


def test_who_unsubscribes_after_the_mark_and_before_the_dot_gets_nothing(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    """J09, I4: what has left has left."""
    seed(ledger, 4)
    commit(outbox, 4)
    assert outbox.gated(NOW + 1) == set()
    outbox.leaving(1)
    unsubscribe(ledger, 1)
    unsubscribe(ledger, 3)
    assert outbox.gated(NOW + 1) == {3}
    assert outbox.gated(NOW + 1) == set()
    assert states(location) == {1: "committing", 2: "committing", 3: "suppressed", 4: "committing"}
    history = query(location, "SELECT from_state, to_state FROM transitions WHERE subject_id = 3 AND subject = 'message' ORDER BY seq")
    assert history[-2:] == [("committing", "planned"), ("planned", "suppressed")]
    check_invariants(location)


def test_a_later_group_does_not_hide_what_happened_to_an_earlier_one(ledger: Ledger, outbox: Outbox) -> None:
    seed(ledger, 4)
    commit(outbox, 2)
    unsubscribe(ledger, 2)
    commit(outbox, 1)
    commit(outbox, 1)
    assert outbox.gated(NOW + 1) == {2}


def test_an_address_that_this_sender_finds_dead_is_noticed_too(ledger: Ledger, outbox: Outbox) -> None:
    seed(ledger, 2)
    commit(outbox, 2)
    assert outbox.gated(NOW) == set()
    outbox.hard_bounce("c000001", "c000002@example.com", NOW, "550 no such user")
    assert outbox.gated(NOW) == {2}


def test_time_alone_is_asked_about_on_demand(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 1, not_after=NOW + 10)
    commit(outbox, 1)
    outbox.gated(NOW)
    assert outbox.gated(NOW + 9, anyway=True) == set()
    assert outbox.gated(NOW + 10, anyway=True) == {1}
    assert states(location) == {1: "expired"}
    check_invariants(location)


def test_what_is_taken_back_is_planned_and_what_left_is_not(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 3)
    commit(outbox, 3)
    outbox.leaving(2)
    assert outbox.recall(NOW + 1) == 2
    assert outbox.recall(NOW + 1) == 0
    assert states(location) == {1: "planned", 2: "committing", 3: "planned"}
    assert [claim.message for claim in outbox.claim(9, NOW + 1, "email")] == [1, 3]
    check_invariants(location)


def test_nobody_takes_back_what_another_sender_holds(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 2)
    commit(outbox, 2)
    unsubscribe(ledger, 1)
    with Outbox(location, "two") as other:
        assert (other.gated(NOW, anyway=True), other.recall(NOW)) == (set(), 0)
    assert states(location) == {1: "committing", 2: "committing"}
