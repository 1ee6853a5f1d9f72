"""What a ledger remembers of occasions, on both databases: who stands where, who entered when, whom a surge kept out, what was evaluated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retention_cli.ledger.delta import Delta
from retention_cli.ledger.rows import LastEvaluation
from support.ledgers import AS_OF, begin, change, query, seed, tick

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location

DAY = 86_400_000_000
NEW_REVISION = [(2, 1, "f2", "{}")]


def test_who_stands_where_is_told_by_revision_and_step(ledger: Ledger) -> None:
    """Only of journeys that are open, and of the campaign that is asked about."""
    run = seed(ledger, 4)
    moved = [(1, "open", "wait-2", AS_OF + 20, None, None), (4, "ended", None, None, "done", None)]
    ledger.record(run, Delta(journeys_changed=moved, revisions_new=NEW_REVISION))
    newcomer = (5, 1, "c9", "e9", 2, AS_OF, "open", "wait-1", AS_OF + 10, None, None, "", None, None)
    ledger.record(run, Delta(journeys_new=[newcomer]))
    assert ledger.standing(1) == [(1, "wait-1", 2), (1, "wait-2", 1), (2, "wait-1", 1)]
    assert ledger.standing(2) == []


def test_journeys_that_move_to_the_steps_of_now_go_on_there_and_their_history_says_so(ledger: Ledger, location: Location) -> None:
    """Who stands elsewhere, or has ended, stays as they are."""
    run = seed(ledger, 3)
    moved = [(2, "open", "wait-2", AS_OF + 20, None, None), (3, "ended", None, None, "done", None)]
    ledger.record(run, Delta(journeys_changed=moved))
    ledger.record(run, Delta(revisions_new=NEW_REVISION, migrations=[(1, 1, "wait-1", 2, "wait-9")]))
    assert query(location, "SELECT id, revision, step, due_at FROM journeys ORDER BY id") == [
        (1, 2, "wait-9", AS_OF + 10),
        (2, 1, "wait-2", AS_OF + 20),
        (3, 1, None, None),
    ]
    told = query(location, "SELECT subject_id, from_state, to_state, at FROM transitions WHERE reason = 'moved to the steps of now'")
    assert told == [(1, "wait-1", "wait-9", AS_OF)]


def test_a_journey_that_moves_may_be_advanced_by_the_same_tick(ledger: Ledger, location: Location) -> None:
    run = seed(ledger, 1)
    advanced = Delta(
        revisions_new=NEW_REVISION,
        migrations=[(1, 1, "wait-1", 2, "wait-9")],
        journeys_changed=[(1, "open", "wait-10", AS_OF + 99, None, None)],
        transitions=[("journey", 1, "wait-9", "wait-10", AS_OF + 10, None)],
    )
    ledger.record(run, advanced)
    assert ledger.standing(1) == [(2, "wait-10", 1)]
    told = query(location, "SELECT from_state, to_state FROM transitions WHERE subject = 'journey' AND subject_id = 1 ORDER BY seq")
    assert told == [(None, "open"), ("wait-1", "wait-9"), ("wait-9", "wait-10")]


def test_whom_a_surge_kept_out_is_known_until_it_is_approved(ledger: Ledger) -> None:
    """With what began it, and no further back than is asked; the other verdicts stand for ever."""
    run = seed(ledger, 1)
    kept = [("c7", "e7", "surge", AS_OF + 5, '{"order_id":"7"}'), ("c8", "e8", "surge", AS_OF + 9, None), ("c9", "e9", "again", AS_OF + 9, None)]
    ledger.record(run, Delta(verdicts=[(1, *row) for row in kept]))
    assert ledger.surged(1, AS_OF) == [("c7", "e7", '{"order_id":"7"}'), ("c8", "e8", None)]
    assert ledger.surged(1, AS_OF + 5) == [("c8", "e8", None)]
    assert ledger.surged(2, AS_OF) == []
    ledger.record(run, Delta(approved=[1], verdicts=[(1, "c8", "e8", "not_in_audience", AS_OF + 20, None)]))
    assert ledger.surged(1, AS_OF) == []
    assert ledger.judged(1, [("c7", "e7"), ("c8", "e8"), ("c9", "e9")]) == {("c8", "e8"), ("c9", "e9")}


def test_entries_are_counted_by_day_back_from_now(ledger: Ledger) -> None:
    """A day is 24 hours; days without anybody are not there, nor is what lies further back than asked."""
    now = AS_OF + 10 * DAY
    run = begin(ledger, now)
    delta = tick(ledger.position(), 5)
    entered = [now, now - DAY + 1, now - DAY, now - 3 * DAY, now - 9 * DAY]
    journeys = [(*row[:5], at, *row[6:]) for row, at in zip(delta.journeys_new, entered, strict=True)]
    ledger.record(run, replace(delta, journeys_new=journeys))
    assert sorted(ledger.entered_by_day(now, now - 7 * DAY)) == [(1, 0, 2), (1, 1, 1), (1, 3, 1)]
    assert sorted(ledger.entered_by_day(now, now - 3 * DAY)) == [(1, 0, 2), (1, 1, 1)]


def test_the_last_evaluation_is_told_with_what_it_stood_on(ledger: Ledger) -> None:
    """A run that evaluated nothing anew leaves the last one as it is."""
    assert ledger.last_evaluation() is None
    first = begin(ledger)
    ledger.record(first, Delta(generation=(1, AS_OF + 1, {"vip": "f1"}, b"w", b"d"), manifest={"snapshots": {"orders": "s1"}}))
    second = begin(ledger, AS_OF + 2)
    ledger.record(second, Delta(manifest={"snapshots": {"orders": "s2"}}))
    assert ledger.last_evaluation() == LastEvaluation(AS_OF + 1, {"vip": "f1"}, {"orders": "s1"})
    third = begin(ledger, AS_OF + 3)
    ledger.record(third, Delta(generation=(2, AS_OF + 3, {"vip": "f2"}, b"w", b"d"), manifest={"snapshots": {"orders": "s3"}}))
    assert ledger.last_evaluation() == LastEvaluation(AS_OF + 3, {"vip": "f2"}, {"orders": "s3"})


def test_what_each_run_stood_on_is_told_of_runs_of_all_campaigns(ledger: Ledger) -> None:
    for number, more in enumerate(({}, {"only": ["one"]}, {})):
        run = begin(ledger, AS_OF + number)
        ledger.record(run, Delta(manifest={"snapshots": {"orders": f"s{number}"}, **more}))
    assert ledger.snapshots_of_runs(AS_OF + 9) == [(AS_OF, {"orders": "s0"}), (AS_OF + 2, {"orders": "s2"})]
    assert ledger.snapshots_of_runs(AS_OF + 1) == [(AS_OF, {"orders": "s0"})]


def test_what_was_sent_and_what_may_have_been_are_events_of_the_tool(ledger: Ledger, location: Location) -> None:
    """With the campaign, step and revision that they are of; what has not left is none."""
    seed(ledger, 3)
    for message, state in ((1, "sent"), (2, "unknown")):
        change(location, "UPDATE messages SET state = :state WHERE id = :id", state=state, id=message)
    told = sorted(ledger.own_events(AS_OF))
    assert told == [(f"c{n:06d}", "email_sent", AS_OF, n, "welcome", "send-1", 1, "email", "{}", None) for n in (1, 2)]
    assert ledger.own_events(AS_OF - 1) == []
