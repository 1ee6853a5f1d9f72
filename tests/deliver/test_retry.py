"""When a message is tried again, and what stops a dispatch."""

from __future__ import annotations

import pytest

from retention_cli.deliver.breaker import Breakers
from retention_cli.deliver.outcome import Accepted, Deferred, Fault, Refused, Result, Unknown, Unrenderable
from retention_cli.deliver.retry import SECOND, next_attempt

HOUR = 3600


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 60), (2, 300), (3, 900), (4, 3600), (5, 7200), (6, 14400), (60, 14400)])
def test_pauses_grow_and_never_shrink_below_their_length(attempts: int, seconds: int) -> None:
    """S02: 1, 5, 15, 60 minutes, each with jitter."""
    pauses = {next_attempt(attempts, 0) // SECOND for _ in range(50)}
    assert min(pauses) >= seconds
    assert max(pauses) <= seconds * 1.2
    assert len(pauses) > 1


def test_a_wish_of_the_server_is_kept_up_to_an_hour() -> None:
    assert 600 * SECOND <= next_attempt(1, 0, retry_after=600) <= 720 * SECOND
    assert next_attempt(1, 0, retry_after=365 * 24 * HOUR) <= 1.2 * HOUR * SECOND


def test_the_last_attempt_is_not_later_than_the_end() -> None:
    """S02: it comes up once more at its end, to be expired; never in the past."""
    assert next_attempt(4, 0, give_up=HOUR * SECOND // 2) == HOUR * SECOND // 2
    assert next_attempt(4, 10 * SECOND, give_up=3 * SECOND) == 11 * SECOND


POLICY = Refused(550, "5.7.1 <shop@example.com> blocked", Fault.SENDER)
OTHER = Refused(550, "5.1.1 no such user", Fault.ADDRESS)


def tripped(results: list[Result]) -> str | None:
    breakers = Breakers()
    return next((reason for result in results if (reason := breakers.note(result)) is not None), None)


def test_five_refusals_of_the_sender_in_a_row_are_enough() -> None:
    """S04."""
    reason = tripped([Accepted(), *[POLICY] * 5])
    assert reason == "the mail server refuses us as a sender: 550 5.7.1 <<address>> blocked"
    assert tripped([*[POLICY] * 4, Accepted(), *[POLICY] * 4]) is None


def test_two_percent_of_two_hundred_are_enough() -> None:
    """S04: not of fewer."""
    every_40th: list[Result] = [*[Accepted()] * 39, POLICY]
    assert tripped(every_40th * 4) is None
    assert tripped(every_40th * 5) is not None
    assert tripped([*[Accepted()] * 99, POLICY] * 20) is None


def test_refused_people_and_doubts_stop_nothing() -> None:
    results: list[Result] = [*[OTHER] * 300, *[Deferred(450, "later")] * 300, *[Unknown("no answer")] * 300]
    assert tripped(results) is None


def test_a_template_that_fails_for_everybody_stops_it() -> None:
    """One person's missing field does not, nor do many between others."""
    assert tripped([Unrenderable("there is no 'x'")] * 49) is None
    assert tripped([Unrenderable("there is no 'x'")] * 50) == "messages cannot be rendered: there is no 'x'"
    assert tripped([*[Unrenderable("there is no 'x'")] * 40, Accepted()] * 10) is None
