"""What a ledger promises to the planner, on both databases."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from retention_cli.errors import LedgerRefused
from retention_cli.ledger.delta import Delta
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.outbox import Outbox
from retention_cli.ledger.reader import open_reader
from retention_cli.ledger.rows import Activity, CampaignRows, EventRow, Suppression
from support.ledgers import AS_OF, begin, change, check_invariants, query, seed, states, tick

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location

WAITING = ("email", "c000001@example.com", "performance", None, AS_OF, None, None, None, "wait-1")
"""What is read of a message that waits, behind its reason."""


def test_a_new_ledger_is_empty_and_counts_from_one(ledger: Ledger) -> None:
    position = ledger.position()
    assert (position.next_journey, position.next_message, position.next_generation) == (1, 1, 1)
    assert (position.last_as_of, position.epoch) == (None, 0)
    assert ledger.campaigns() == {}
    assert ledger.last_generation() is None


def test_a_tick_is_read_back_as_recorded(ledger: Ledger, location: Location) -> None:
    run = seed(ledger, 3)
    ledger.finish_run(run, at=AS_OF + 5, manifest={"set": "ž"}, outcome={"sent": 0})
    position = ledger.position()
    assert (position.next_journey, position.next_message, position.last_as_of, position.epoch) == (4, 4, AS_OF, 1)
    assert ledger.campaigns()["welcome"].first_as_of == AS_OF
    assert [(row.id, row.campaign, row.program) for row in ledger.revisions()] == [(1, 1, "{}")]
    assert ledger.due_journeys(AS_OF + 10)[0] == (1, 1, "c000001", "e0", 1, "wait-1", AS_OF, AS_OF + 10, None, None, None)
    assert ledger.due_journeys(AS_OF + 9) == []
    assert ledger.open_of(["c000002", "nobody"]) == [(2, 1, "c000002", "e1", 1, "wait-1", AS_OF, None, "", None)]
    assert ledger.known_customers(["nobody", "c000003", "c000001"]) == ["c000001", "c000003"]
    assert ledger.journeys_with_unsent()[0] == (1, 1, 1, "c000001", 1, AS_OF, None, "send-1", "open", "planned", None, None, *WAITING)
    assert ledger.open_counts() == {"welcome": (3, 3)}
    counts = ledger.counts()
    assert (counts.messages, counts.journeys) == ([("welcome", "planned", 3)], [("welcome", "open", None, 3)])
    assert [(row.finished_at, row.outcome) for row in counts.runs] == [(AS_OF + 5, {"sent": 0})]
    check_invariants(location)


def test_what_is_counted_of_a_campaign(ledger: Ledger, location: Location) -> None:
    """People by revision and step, messages by what became of them, who is due next; a server's words are not among the reasons."""
    run = seed(ledger, 4)
    verdicts = [(1, "c9", "e9", "again", AS_OF, None), (1, "", "t1", "done", AS_OF, None)]
    ledger.record(run, Delta(verdicts=verdicts, goals=[(1, "g", 5, "2.50")]))
    for message, state in ((1, "sent"), (2, "suppressed"), (3, "refused")):
        change(location, "UPDATE messages SET state = :state, reason = 'no address' WHERE id = :id", state=state, id=message)
    change(location, "UPDATE journeys SET state = 'ended', reason = 'bought' WHERE id = 4")
    found = ledger.campaign("welcome")
    assert found.revisions == [(1, "f1", AS_OF)]
    assert sorted(found.journeys) == [(1, "ended", None, "bought", 1), (1, "open", "wait-1", None, 3)]
    assert sorted(found.messages, key=str) == [
        (1, "send-1", "planned", None, 1),
        (1, "send-1", "refused", None, 1),
        (1, "send-1", "sent", None, 1),
        (1, "send-1", "suppressed", "no address", 1),
    ]
    assert (found.goals, found.verdicts) == ([(1, "g", 1, 2.5)], [("again", 1)])
    assert ledger.activity(AS_OF - 1) == {"welcome": Activity(3, AS_OF + 10, 1)}
    assert ledger.activity(AS_OF) == {"welcome": Activity(3, AS_OF + 10, 0)}
    assert ledger.campaign("nobody") == CampaignRows()


def test_a_run_records_nothing_once_a_later_one_has_begun(ledger: Ledger, location: Location) -> None:
    """The fence behind the lock: whoever lost it cannot write (K05)."""
    early = begin(ledger)
    late = begin(ledger)
    with pytest.raises(LedgerRefused, match="epoch 2 has begun since"):
        ledger.record(early, tick(ledger.position(), 2))
    with pytest.raises(LedgerRefused):
        ledger.finish_run(early, at=1, manifest={}, outcome={})
    assert states(location) == {}
    ledger.record(late, tick(ledger.position(), 2))
    assert len(states(location)) == 2


def test_a_tick_is_recorded_whole_or_not_at_all(ledger: Ledger, location: Location) -> None:
    run = begin(ledger)
    good = tick(ledger.position(), 2)
    with pytest.raises(RuntimeError, match=r"(?i)unique"):
        ledger.record(run, Delta(campaigns_new=good.campaigns_new, journeys_new=good.journeys_new + good.journeys_new[:1]))
    assert ledger.position().next_journey == 1
    assert query(location, "SELECT count(*) FROM journeys") == [(0,)]
    ledger.record(run, good)


def test_an_occurrence_makes_one_journey_and_a_step_one_message(ledger: Ledger) -> None:
    run = seed(ledger, 1)
    again = (2, 1, "c000001", "e0", 1, AS_OF, "open", None, None, None, None, "", None, None)
    with pytest.raises(RuntimeError, match=r"(?i)unique"):
        ledger.record(run, Delta(journeys_new=[again]))
    twice = (2, 1, "send-1", 1, "c000001", "sms", "other", "hash", 1, 0, AS_OF, None, None, None, None, None, None)
    with pytest.raises(RuntimeError, match=r"(?i)unique"):
        ledger.record(run, Delta(messages_new=[twice]))


def test_an_error_quotes_no_address(ledger: Ledger) -> None:
    """What a driver says may hold the row it failed on."""
    run = seed(ledger, 1)
    twice = (2, 1, "send-1", 1, "c000001", "email", "secret@example.com", "hash", 1, 0, AS_OF, None, None, None, None, None, None)
    nothing = (2, 1, None, 1, "c000001", "email", "secret@example.com", "hash", 1, 0, AS_OF, None, None, None, None, None, None)
    for row in (twice, nothing):
        with pytest.raises(RuntimeError) as caught:
            ledger.record(run, Delta(messages_new=[row]))
        assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_journeys_advance_and_end(ledger: Ledger, location: Location) -> None:
    run = seed(ledger, 3)
    moved = [("journey", 1, "open", "open", AS_OF, "wait over"), ("journey", 2, "open", "ended", AS_OF, "ordered")]
    changed = [(1, "open", "send-2", AS_OF + 99, None), (2, "ended", None, None, "ordered")]
    ledger.record(run, Delta(journeys_changed=changed, transitions=moved))
    assert [(row[0], row[5], row[7]) for row in ledger.due_journeys(AS_OF + 99)] == [(1, "send-2", AS_OF + 99), (3, "wait-1", AS_OF + 10)]
    assert ("welcome", "ended", "ordered", 1) in ledger.counts().journeys
    with pytest.raises(RuntimeError, match="0 of them are open"):
        ledger.record(run, Delta(journeys_changed=[(2, "open", "send-2", AS_OF, None)]))
    check_invariants(location)


def test_what_a_sender_has_already_is_not_stopped(ledger: Ledger, location: Location) -> None:
    run = seed(ledger, 4)
    with Outbox(location, "sender") as outbox:
        taken = [claim.message for claim in outbox.claim(2, AS_OF, "email")]
        stopped = ledger.record(run, Delta(messages_stopped=[(id_, "suppressed", "ordered") for id_ in (1, 2, 3, 4)]))
    assert taken == [1, 2]
    assert stopped == 2
    assert states(location) == {1: "claimed", 2: "claimed", 3: "suppressed", 4: "suppressed"}
    check_invariants(location)


def test_a_tick_may_stop_what_it_planned(ledger: Ledger, location: Location) -> None:
    """Planned and stopped, in this order: the reason is kept, and nothing leaves."""
    run = begin(ledger)
    delta = tick(ledger.position(), 2)
    assert ledger.record(run, replace(delta, messages_stopped=[(2, "suppressed", "no address")])) == 1
    assert states(location) == {1: "planned", 2: "suppressed"}
    check_invariants(location)


def test_a_stop_that_no_table_allows_is_our_mistake(ledger: Ledger, location: Location) -> None:
    run = seed(ledger, 1)
    with pytest.raises(RuntimeError, match="planned to sent"):
        ledger.record(run, Delta(messages_stopped=[(1, "sent", None)]))
    assert states(location) == {1: "planned"}


def test_entries_tell_how_often_when_and_whether_still(ledger: Ledger) -> None:
    run = seed(ledger, 2)
    later = [(3, 1, "c000001", "second", 1, AS_OF + 7, "ended", None, None, "done", None, "", None, None)]
    ledger.record(run, Delta(journeys_new=later, journeys_changed=[(2, "ended", None, None, "done")]))
    asked = [(1, "c000001", ""), (1, "c000002", ""), (1, "nobody", ""), (2, "c000001", ""), (1, "c000001", "p1")]
    assert sorted(ledger.entries(asked)) == [(1, "c000001", "", 2, AS_OF + 7, 1), (1, "c000002", "", 1, AS_OF, 0)]


def test_an_occurrence_is_judged_once(ledger: Ledger) -> None:
    run = seed(ledger, 1)
    odd = "o'brien\"; -- ž\U0001f600"
    ledger.record(run, Delta(verdicts=[(1, odd, "e:1", "too_late", AS_OF, None)]))
    asked = [("c000001", "e0"), (odd, "e:1"), (odd, "e:2"), ("c000001", "e1")]
    assert ledger.judged(1, asked) == {("c000001", "e0"), (odd, "e:1")}
    assert ledger.judged(2, asked) == set()


def test_goals_are_open_until_reached_or_too_old(ledger: Ledger) -> None:
    run = seed(ledger, 2)
    ledger.record(run, Delta(goals=[(1, "ordered", AS_OF + 1, "12.50")]))
    assert [row[0] for row in ledger.open_goals(AS_OF - 1)] == [1, 2]
    assert ledger.reached_goals(AS_OF - 1) == [(1, "ordered")]
    assert ledger.open_goals(AS_OF) == []


def test_only_the_last_two_memberships_stay_whole(ledger: Ledger, location: Location) -> None:
    run = begin(ledger)
    for number in (1, 2, 3):
        ledger.record(run, Delta(generation=(number, AS_OF + number, {"vip": number}, b"\x00\xffwhole", b"delta")))
    last = ledger.last_generation()
    assert last is not None
    assert (last.id, last.segments, last.whole) == (3, {"vip": 3}, b"\x00\xffwhole")
    kept = query(location, "SELECT id FROM generations WHERE whole IS NOT NULL ORDER BY id")
    assert kept == [(2,), (3,)]


def test_evaluations_are_read_back_newest_first(ledger: Ledger) -> None:
    run = begin(ledger)
    for number in (1, 2, 3):
        ledger.record(run, Delta(generation=(number, AS_OF + number, {"vip": f"f{number}"}, b"whole", b"\x00delta%d" % number)))
    found = ledger.evaluations(2)
    assert [(row.id, row.as_of, row.segments, row.delta) for row in found] == [
        (3, AS_OF + 3, {"vip": "f3"}, b"\x00delta3"),
        (2, AS_OF + 2, {"vip": "f2"}, b"\x00delta2"),
    ]
    assert len(ledger.evaluations(9)) == 3


def test_every_revision_is_kept_for_whoever_entered_by_it(ledger: Ledger) -> None:
    """Running journeys finish on theirs, and a campaign that is edited back is the revision that it was."""
    run = seed(ledger, 1)
    ledger.record(run, Delta(revisions_new=[(2, 1, "f2", "{}"), (3, 1, "f3", "{}")]))
    assert [(row.id, row.fingerprint) for row in ledger.revisions()] == [(1, "f1"), (2, "f2"), (3, "f3")]
    with pytest.raises(RuntimeError, match=r"(?i)unique"):
        ledger.record(run, Delta(revisions_new=[(4, 1, "f2", "{}")]))


def test_a_number_is_never_given_twice_though_its_row_is_gone(ledger: Ledger, location: Location) -> None:
    """Rows leave by archive and erasure; their history keeps their numbers."""
    seed(ledger, 3)
    change(location, "DELETE FROM messages WHERE id = 3")
    change(location, "DELETE FROM journeys WHERE id = 3")
    assert (ledger.position().next_message, ledger.position().next_journey) == (4, 4)


@pytest.mark.parametrize("sql", ["UPDATE transitions SET reason = 'x'", "DELETE FROM transitions"])
def test_history_is_only_appended_to(ledger: Ledger, location: Location, sql: str) -> None:
    seed(ledger, 1)
    with pytest.raises(DBAPIError, match="append-only"):
        change(location, sql)


def test_suppressions_are_said_once_and_read_in_one_form(ledger: Ledger) -> None:
    rows = [
        Suppression("email", "unsubscribed", "web", AS_OF, address=" Ann@X.cz", customer="a"),
        Suppression("email", "unsubscribed", "web", AS_OF, address="ann@x.cz", customer="a"),
        Suppression("email", "hard_bounce", "deliver", AS_OF, address="ann@x.cz"),
        Suppression("sms", "unsubscribed", "web", AS_OF, customer="b"),
    ]
    assert ledger.suppress(rows) == 3
    assert ledger.suppress(rows) == 0
    found = ledger.suppressed("email")
    assert (found.addresses, found.customers) == (["ann@x.cz"], ["a"])
    assert ledger.suppressed("sms").customers == ["b"]


def test_an_event_told_twice_is_one_event(ledger: Ledger, location: Location) -> None:
    event = EventRow("postmark", "id-1", "a", "email_opened", AS_OF, 7, {"os": "iOS"})
    assert ledger.record_events([event, event]) == 1
    assert ledger.record_events([event]) == 0
    assert query(location, "SELECT key, message, data FROM events") == [("id-1", 7, '{"os": "iOS"}')]


def test_a_reader_sees_one_moment(ledger: Ledger, location: Location) -> None:
    seed(ledger, 1)
    reader = open_reader(location)
    assert reader is not None
    with reader:
        assert len(reader.journeys_with_unsent()) == 1
        seed(ledger, 5)
        assert len(reader.journeys_with_unsent()) == 1
    assert len(ledger.journeys_with_unsent()) == 6


def test_there_is_nothing_to_read_where_no_ledger_is(location: Location) -> None:
    assert open_reader(location) is None
    with pytest.raises(LedgerRefused, match="no ledger"):
        open_ledger(location, create=False)


def test_a_ledger_is_the_same_when_opened_again(location: Location) -> None:
    with open_ledger(location) as ledger:
        seed(ledger, 2)
    with open_ledger(location) as ledger:
        assert ledger.position().epoch == 1
        seed(ledger, 2)
    check_invariants(location)
    assert len(states(location)) == 4
