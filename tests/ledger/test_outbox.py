"""What an outbox promises to senders, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from retention_cli.ledger.outbox import Claim, Mark, Outbox, Recovered, Waiting
from retention_cli.ledger.rows import Suppression
from retention_cli.model.state import ALLOWED, MessageState
from support.ledgers import AS_OF, change, check_invariants, query, seed, states

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location

S = MessageState
NOW = AS_OF + 100


def ids(claims: list[Claim]) -> list[int]:
    """Return the messages of claims."""
    return [claim.message for claim in claims]


def marks(claims: list[Claim], to: MessageState, **more: Any) -> list[Mark]:
    """Return one mark for each claim."""
    return [Mark(claim.message, to, NOW, **more) for claim in claims]


def test_claims_come_in_order_and_never_twice(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 5)
    first, second, third = (outbox.claim(2, NOW, "email") for _ in range(3))
    assert (ids(first), ids(second), ids(third)) == ([1, 2], [3, 4], [5])
    assert outbox.claim(2, NOW, "email") == []
    assert first[0] == Claim(1, 1, "welcome", "c000001", "e0", "send-1", "email", "c000001@example.com", "hash", 1, 0, 0, AS_OF, None, None)
    check_invariants(location)


def test_another_channel_is_left_alone(ledger: Ledger, outbox: Outbox) -> None:
    seed(ledger, 1, channel="sms")
    assert outbox.claim(5, NOW, "email") == []
    assert ids(outbox.claim(5, NOW, "sms")) == [1]


def test_a_message_leaves_not_before_and_not_after_its_time(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 1, not_before=NOW, not_after=NOW + 10)
    seed(ledger, 1, not_before=NOW, not_after=NOW + 10)
    assert outbox.claim(1, NOW - 1, "email") == []
    assert ids(outbox.claim(1, NOW + 9, "email")) == [1]
    assert outbox.claim(1, NOW + 10, "email") == []
    assert states(location) == {1: "claimed", 2: "expired"}
    assert query(location, "SELECT reason FROM messages WHERE id = 2") == [("too late",)]
    check_invariants(location)


def test_j21_what_waits_of_a_campaign_that_is_off_is_held(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    """Planned and deferred alike, with the reason by which a tick frees it; what a sender has is left to that one."""
    seed(ledger, 4)
    taken = outbox.claim(1, NOW, "email")
    outbox.mark(marks(outbox.claim(1, NOW, "email"), S.DEFERRED, next_attempt_at=NOW + 50))
    assert outbox.hold_all_but(["welcome"], NOW) == 0
    assert outbox.hold_all_but(["another"], NOW) == 3
    assert outbox.hold_all_but([], NOW) == 0
    assert states(location) == {taken[0].message: "claimed", 2: "held", 3: "held", 4: "held"}
    assert query(location, "SELECT DISTINCT reason FROM messages WHERE state = 'held'") == [("campaign is off",)]
    assert outbox.claim(5, NOW + 100, "email") == []
    check_invariants(location)


def test_nobody_suppressed_is_claimed(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 5)
    rows = [
        Suppression("email", "unsubscribed", "web", AS_OF, address="C000001@EXAMPLE.com"),
        Suppression("email", "unsubscribed", "web", AS_OF, customer="c000002"),
        Suppression("sms", "unsubscribed", "web", AS_OF, customer="c000003"),
        Suppression("email", "unsubscribed", "web", AS_OF, customer="c000004"),
    ]
    ledger.suppress(rows)
    change(location, "UPDATE suppressions SET lifted_at = 1 WHERE customer = 'c000004'")
    assert ids(outbox.claim(1, NOW, "email")) == [3]  # a stopped one on the way does not end the search
    assert ids(outbox.claim(5, NOW, "email")) == [4, 5]
    assert (states(location)[1], states(location)[2]) == ("suppressed", "suppressed")
    check_invariants(location)


def test_j09_who_unsubscribes_while_claimed_is_not_committed(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 3)
    claims = outbox.claim(3, NOW, "email")
    ledger.suppress([Suppression("email", "unsubscribed", "web", NOW, customer="c000002")])
    assert outbox.mark(marks(claims, S.COMMITTING)) == [1, 3]
    assert states(location) == {1: "committing", 2: "suppressed", 3: "committing"}
    check_invariants(location)


def test_a_message_that_grew_too_old_while_claimed_is_not_committed(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 1, not_after=NOW)
    claims = outbox.claim(1, NOW - 1, "email")
    assert outbox.mark(marks(claims, S.COMMITTING)) == []
    assert states(location) == {1: "expired"}


def test_what_is_known_of_an_attempt_is_kept(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 1)
    claims = outbox.claim(1, NOW, "email")
    assert outbox.mark(marks(claims, S.COMMITTING, body_sha="abc", attempts=1)) == [1]
    assert outbox.mark(marks(claims, S.DEFERRED, reason="450 later", next_attempt_at=NOW + 60)) == [1]
    [row] = query(location, "SELECT state, body_sha, attempts, next_attempt_at, reason, claimed_by FROM messages")
    assert row == ("deferred", "abc", 1, NOW + 60, "450 later", None)
    assert outbox.claim(1, NOW + 59, "email") == []
    [again] = outbox.claim(1, NOW + 60, "email")
    assert again.attempts == 1
    assert outbox.mark([Mark(1, S.COMMITTING, NOW + 60, attempts=2)]) == [1]
    assert outbox.mark([Mark(1, S.SENT, NOW + 61, provider_id="<id@x>")]) == [1]
    [row] = query(location, "SELECT state, body_sha, attempts, next_attempt_at, provider_id FROM messages")
    assert row == ("sent", "abc", 2, None, "<id@x>")
    check_invariants(location)


@pytest.mark.parametrize("before", sorted(MessageState))
def test_only_allowed_moves_are_made(ledger: Ledger, outbox: Outbox, location: Location, before: MessageState) -> None:
    """From every state to every state: what ALLOWED lacks changes nothing and leaves no trace."""
    seed(ledger, len(MessageState))
    change(location, "UPDATE messages SET state = :state, claimed_by = :sender", state=before, sender=outbox.sender)
    targets = dict(enumerate(sorted(MessageState), start=1))
    moved = outbox.mark([Mark(message, to, NOW, "tried") for message, to in targets.items()])
    expected = [message for message, to in targets.items() if to in ALLOWED[before]]
    assert moved == expected
    assert query(location, "SELECT subject_id FROM transitions WHERE reason = 'tried' ORDER BY 1") == [(message,) for message in expected]
    assert {message for message, state in states(location).items() if state != before} == {m for m in expected if targets[m] != before}


def test_nobody_marks_what_another_sender_holds(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 2)
    claims = outbox.claim(2, NOW, "email")
    with Outbox(location, "two") as other:
        assert other.mark(marks(claims, S.COMMITTING)) == []
        assert other.release(ids(claims)) == 0
        assert other.recover(NOW) == Recovered(0, 0)
    assert set(states(location).values()) == {"claimed"}


def test_a_message_is_marked_once_at_a_time(outbox: Outbox) -> None:
    with pytest.raises(ValueError, match="only once"):
        outbox.mark([Mark(1, S.COMMITTING, NOW), Mark(1, S.SENT, NOW)])


def test_c03_what_a_dead_sender_only_claimed_is_planned_again(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    """C05, C06: and what it was committing is of unknown fate, whether or not the server has it."""
    seed(ledger, 5)
    with Outbox(location, "mortal") as mortal:
        claims = mortal.claim(4, NOW, "email")
        mortal.mark(marks(claims[:3], S.COMMITTING))
        mortal.mark(marks(claims[:1], S.SENT))
    assert outbox.recover(NOW + 1) == Recovered(unknown=2, replanned=1)
    assert states(location) == {1: "sent", 2: "unknown", 3: "unknown", 4: "planned", 5: "planned"}
    assert outbox.recover(NOW + 2) == Recovered(0, 0)
    assert ids(outbox.claim(9, NOW, "email")) == [4, 5]
    assert [(row.message, row.campaign, row.since) for row in ledger.unknown(10)] == [(2, "welcome", NOW + 1), (3, "welcome", NOW + 1)]
    check_invariants(location)


def test_a_sender_restarted_under_its_name_is_another_sender(ledger: Ledger, location: Location) -> None:
    seed(ledger, 1)
    with Outbox(location, "host") as first:
        first.claim(1, NOW, "email")
    with Outbox(location, "host") as second:
        assert first.sender != second.sender
        assert second.recover(NOW) == Recovered(0, 1)


def test_doubts_are_resolved_by_hand(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 3)
    with Outbox(location, "mortal") as mortal:
        mortal.mark(marks(mortal.claim(3, NOW, "email"), S.COMMITTING))
    outbox.recover(NOW)
    assert ledger.resolve_unknown([1, 99], "sent", NOW + 1, "by hand") == [1]
    assert ledger.resolve_unknown([2], "planned", NOW + 1, "by hand") == [2]
    assert ledger.resolve_unknown([1, 2], "planned", NOW + 1, "by hand") == []
    assert states(location) == {1: "sent", 2: "planned", 3: "unknown"}
    check_invariants(location)


def test_released_messages_are_as_if_never_claimed(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 3)
    claims = outbox.claim(3, NOW, "email")
    outbox.mark(marks(claims[:1], S.COMMITTING))
    assert outbox.release(ids(claims)) == 2  # what is committing is not given back
    assert states(location) == {1: "committing", 2: "planned", 3: "planned"}
    assert ids(outbox.claim(3, NOW, "email")) == [2, 3]
    check_invariants(location)


def test_when_the_server_is_down_everything_waits(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 3)
    seed(ledger, 1, not_before=NOW + 1_000)
    [claim] = outbox.claim(1, NOW, "email")
    assert outbox.defer_all("email", NOW, NOW + 60, "no connection") == 2
    assert states(location) == {claim.message: "claimed", 2: "deferred", 3: "deferred", 4: "planned"}
    assert outbox.waiting(NOW) == Waiting(ready=0, later=3, next_at=NOW + 60)
    assert outbox.waiting(NOW + 60) == Waiting(ready=2, later=1, next_at=NOW + 1_000)
    assert ids(outbox.claim(9, NOW + 60, "email")) == [2, 3]
    with pytest.raises(ValueError, match="later time"):
        outbox.defer_all("email", NOW, NOW, "now is not later")
    check_invariants(location)


def test_waiting_counts_nothing_that_has_left(ledger: Ledger, outbox: Outbox) -> None:
    assert outbox.waiting(NOW) == Waiting(0, 0, None)
    seed(ledger, 2)
    outbox.claim(1, NOW, "email")
    assert outbox.waiting(NOW) == Waiting(1, 0, None)


def test_a_hard_bounce_stops_the_address_and_not_the_person(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 1)
    outbox.hard_bounce("c000001", "Old@Example.com", NOW, "550 5.1.1", message=1)
    outbox.hard_bounce("c000001", "Old@Example.com", NOW, "550 5.1.1", message=1)
    found = ledger.suppressed("email")
    assert (found.addresses, found.customers) == (["old@example.com"], [])
    assert query(location, "SELECT customer, event, message FROM events") == [("c000001", "email_bounced", 1)]
    assert ids(outbox.claim(1, NOW, "email")) == [1]  # the new address may be good


def test_contents_are_read_by_their_keys(ledger: Ledger, outbox: Outbox) -> None:
    seed(ledger, 1)
    assert outbox.contexts([1, 2]) == {1: b"contexts"}
    assert outbox.templates(["hash", "other"]) == {"hash": "{}"}
    assert outbox.contexts([]) == {}
