"""How fast messages leave: turns, as they are given out, and kept to over real time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deliver.test_dispatch import compose, outbox_of
from retention_cli.clock import ManualClock, SystemClock
from retention_cli.deliver.channels.fake import Fake
from retention_cli.deliver.dispatch import Outcomes, dispatch
from retention_cli.deliver.intake import BATCH
from retention_cli.deliver.marks import Job
from retention_cli.deliver.outbox import micros
from retention_cli.deliver.pace import Pacer
from retention_cli.deliver.plan import Plan
from retention_cli.model.rate import read_rate
from retention_cli.model.state import MessageState
from support.memory_outbox import MemoryOutbox, claim_of

NOW = micros(datetime(2026, 5, 1, 9, tzinfo=UTC))
SECOND = 1_000_000


def jobs(count: int) -> list[Job]:
    return [Job(claim_of(n), b"{}", "template") for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("text", "rate"), [("50/s", 50.0), ("50 / second", 50.0), ("600/minute", 10.0), ("90/min", 1.5), ("3600/hour", 1.0), ("86400/day", 1.0)]
)
def test_a_rate_is_messages_a_second(text: str, rate: float) -> None:
    assert read_rate(text) == rate


def test_without_a_rate_everything_is_due_at_once() -> None:
    outbox = MemoryOutbox([])
    pacer = Pacer(outbox, Plan())
    pacer.add(jobs(3), NOW)
    assert len(pacer.due(NOW)) == 3
    assert (pacer.batch(NOW), outbox.paces, outbox.volumes) == (BATCH, {}, {})


def test_turns_are_even_and_go_on_where_the_last_ended() -> None:
    """At ten a second each waits a tenth of a second longer; the next batch begins behind the first, also after a pause that was too short."""
    pacer = Pacer(MemoryOutbox([]), Plan(rate=10, way="a"))
    pacer.add(jobs(5), NOW)
    assert [len(pacer.due(NOW + at)) for at in (0, 99_999, 100_000, 250_000, SECOND)] == [1, 0, 1, 1, 2]
    pacer.add(jobs(1), NOW + SECOND // 4)
    assert pacer.due(NOW + SECOND // 2 - 1) == []
    assert pacer.patience(NOW + SECOND // 4, 9.0) == 0.25
    assert pacer.patience(NOW + SECOND // 4, 0.1) == 0.1
    assert len(pacer.due(NOW + SECOND // 2)) == 1


def test_time_that_nobody_used_is_not_made_up_for() -> None:
    """A machine off for three days resumes without a burst."""
    pacer = Pacer(MemoryOutbox([]), Plan(rate=10, way="a"))
    pacer.add(jobs(1), NOW)
    pacer.add(jobs(20), NOW + 3 * 86_400 * SECOND)
    assert len(pacer.due(NOW + 3 * 86_400 * SECOND)) == 2  # the one of three days ago, and one


@pytest.mark.parametrize(("rate", "batch"), [(0.001, 1), (1.0, 2), (50.0, 100), (5000.0, BATCH)])
def test_no_more_is_claimed_than_leaves_soon(rate: float, batch: int) -> None:
    assert Pacer(MemoryOutbox([]), Plan(rate=rate, way="a")).batch(NOW) == batch


def test_a_dispatch_keeps_to_the_rate_and_sends_all() -> None:
    """Thirty at fifty a second take more than half a second, however fast the channel is."""
    outbox, channel, clock = outbox_of(30), Fake(), SystemClock()
    began = clock.monotonic()
    outcomes = dispatch(outbox, channel, compose, clock, Plan(connections=2, rate=50, way="a"))
    assert clock.monotonic() - began >= 0.58
    assert outcomes == Outcomes({MessageState.SENT: 30})


def test_what_waits_for_its_turn_goes_back_when_the_dispatch_ends() -> None:
    outbox = outbox_of(30)
    outcomes = dispatch(outbox, Fake(), compose, SystemClock(), Plan(connections=1, rate=5, way="a"), stop=lambda: len(outbox.left) >= 1)
    assert outcomes.stopped
    assert set(outbox.state.values()) == {MessageState.SENT, MessageState.PLANNED}
    assert MessageState.CLAIMED not in outbox.state.values()


def test_a_warm_up_grows_day_by_day() -> None:
    """M45: ten, twenty, forty; what finds no room stays planned, and the day after goes on."""
    outbox, sent = outbox_of(100), []
    for day in range(4):
        clock = ManualClock(datetime(2026, 5, 1 + day, 9, tzinfo=UTC))
        outcomes = dispatch(outbox, Fake(), compose, clock, Plan(connections=2, way="a", warm_up=10))
        sent.append(outcomes.counts.get(MessageState.SENT, 0))
        assert outcomes.used_up is (day < 3)
    assert sent == [10, 20, 40, 30]
    assert set(outbox.state.values()) == {MessageState.SENT}


def test_what_was_granted_and_did_not_leave_is_not_counted() -> None:
    """Of a hundred granted, five were there to be claimed, or two had left when it was stopped."""
    outbox = outbox_of(5)
    dispatch(outbox, Fake(), compose, ManualClock(datetime(2026, 5, 1, 9, tzinfo=UTC)), Plan(way="a", warm_up=100))
    assert set(outbox.volumes.values()) == {5}
    outbox = outbox_of(30)
    plan = Plan(connections=1, rate=5, way="a", warm_up=100)
    dispatch(outbox, Fake(), compose, SystemClock(), plan, stop=lambda: len(outbox.left) >= 1)
    sent = sum(state is MessageState.SENT for state in outbox.state.values())
    assert list(outbox.volumes.values()) == [sent]
