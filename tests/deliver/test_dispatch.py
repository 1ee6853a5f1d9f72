"""Dispatch from claim to outcome, over an outbox in memory and real connections."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from retention_cli.clock import ManualClock, SystemClock
from retention_cli.deliver.channels.channel import LoginRefused, Unreachable
from retention_cli.deliver.channels.fake import Fake
from retention_cli.deliver.channels.smtp import Smtp
from retention_cli.deliver.channels.smtp_url import SmtpUrl
from retention_cli.deliver.dispatch import Outcomes, Plan, dispatch
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.outbox import micros
from retention_cli.deliver.outcome import Accepted, Deferred, Reach, Withheld
from retention_cli.errors import RenderFailed, SendingStopped, Untrusted
from retention_cli.model.state import MessageState
from support.memory_outbox import MemoryOutbox, claim_of
from support.smtp_sink import DROP, Say, SmtpSink, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retention_cli.clock import Clock
    from retention_cli.deliver.channels.channel import Channel
    from retention_cli.deliver.outcome import Outcome
    from retention_cli.ledger.rows import Claim, Mark

_M = MessageState
NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
MINUTE = 60_000_000


def compose(claim: Claim, context: bytes, template: str) -> Mail:
    assert (context, template) == (b"{}", "template")
    raw = f"To: {claim.address}\r\nSubject: {claim.message}\r\n\r\n.hello\r\n".encode()
    return Mail(f"{claim.message:032x}", raw, "shop@example.com", claim.address, "sha")


def outbox_of(count: int, **facts: int) -> MemoryOutbox:
    return MemoryOutbox([claim_of(message, planned_at=facts.get("planned_at", micros(NOW))) for message in range(1, count + 1)])


def run(
    outbox: MemoryOutbox,
    channel: Channel,
    *,
    connections: int = 4,
    clock: Clock | None = None,
    composing: Callable[[Claim, bytes, str], Mail] = compose,
    stop: Callable[[], bool] = lambda: False,
    halted: Callable[[], bool] = lambda: False,
    grace: float = 30.0,
    on_progress: Callable[[Mapping[MessageState, int]], None] = lambda _: None,
) -> Outcomes:
    plan = Plan(connections=connections, grace=grace)
    outcomes = dispatch(outbox, channel, composing, clock or ManualClock(NOW), plan, stop=stop, halted=halted, on_progress=on_progress)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("line-")]
    return outcomes


def smtp(sink: SmtpSink, timeout: float = 5.0) -> Smtp:
    return Smtp(SmtpUrl.parse(sink.url), timeout)


def to(rcpt: str, phase: str, act: Say) -> Callable[[Turn], Say | None]:
    return lambda turn: act if turn.phase == phase and turn.rcpt.startswith(rcpt) else None


def test_everything_is_sent_once_over_several_connections() -> None:
    outbox = outbox_of(300)
    with SmtpSink() as sink:
        outcomes = run(outbox, smtp(sink))
    assert outcomes == Outcomes({_M.SENT: 300})
    assert sorted(got.rcpts[0] for got in sink.received) == sorted(claim.address for claim in outbox.claims.values())
    assert all(got.raw.endswith(b"\r\n.hello\r\n") for got in sink.received)
    assert 1 < sink.connections <= 4
    assert sink.count("QUIT") == sink.connections


def test_every_message_was_committed_before_it_was_sent() -> None:
    """The server's view: when it gets a final dot, the mark is already durable."""
    outbox = outbox_of(50)
    early: list[str] = []

    def behave(turn: Turn) -> Say | None:
        message = int(turn.rcpt.removeprefix("person").partition("@")[0]) if turn.phase == "DOT" else 0
        if message and outbox.state[message] is not _M.COMMITTING:
            early.append(turn.rcpt)
        return None

    with SmtpSink(behave) as sink:
        run(outbox, smtp(sink))
    assert (early, len(sink.received)) == ([], 50)
    for message in outbox.claims:
        assert [mark.to for mark in outbox.history if mark.message == message] == [_M.COMMITTING, _M.SENT]


def test_intents_and_outcomes_share_transactions() -> None:
    outbox = outbox_of(200)
    with SmtpSink() as sink:
        run(outbox, smtp(sink), connections=8)
    both = [group for group in outbox.transactions if {mark.to for mark in group} == {_M.COMMITTING, _M.SENT}]
    assert len(outbox.transactions) < 400
    assert both


def test_nothing_to_send_opens_no_socket() -> None:
    with SmtpSink() as sink:
        assert run(outbox_of(0), smtp(sink)) == Outcomes({})
    assert sink.connections == 0


def test_each_refusal_has_its_own_end() -> None:
    """S02, S03, S05, S06, S08, S13: and none disturbs the others."""
    acts = {
        "person1@": ("RCPT", Say(b"450 4.2.1 busy\r\n")),
        "person2@": ("RCPT", Say(b"550 5.1.1 <person2@example.com> no such user\r\n")),
        "person3@": ("DOT", Say(b"552 5.2.2 full\r\n")),
        "person4@": ("DOT", Say(b"451 4.3.0 later\r\n")),
        "person5@": ("DOT", DROP),
        "person6@": ("RCPT", Say(b"550 5.7.1 no\r\n")),
    }

    def behave(turn: Turn) -> Say | None:
        phase, act = next((found for rcpt, found in acts.items() if turn.rcpt.startswith(rcpt)), ("", DROP))
        return act if turn.phase == phase else None

    outbox = outbox_of(40)
    with SmtpSink(behave) as sink:
        outcomes = run(outbox, smtp(sink), connections=2)
    assert outcomes.counts == {_M.SENT: 34, _M.DEFERRED: 2, _M.REFUSED: 3, _M.UNKNOWN: 1}
    assert (outbox.of(_M.DEFERRED), outbox.of(_M.REFUSED), outbox.of(_M.UNKNOWN)) == ([1, 4], [2, 3, 6], [5])
    assert outbox.bounced == ["person2@example.com"]
    assert all(outbox.claims[message].attempts == 1 for message in outbox.claims)
    for message in (1, 4):
        assert MINUTE <= outbox.next_at[message] - micros(NOW) <= 1.2 * MINUTE
    reasons = {mark.message: mark.reason for mark in outbox.history if mark.reason}
    assert reasons[2] == "550 5.1.1 <<address>> no such user"
    assert reasons[5] == "no answer after the final dot: the connection was closed"


def test_a_deferred_message_is_tried_again_and_then_given_up() -> None:
    """S02: 1, 5, 15, 60 minutes … until 48 hours after it was planned; then it is expired, and nobody was bounced."""
    outbox = outbox_of(1)
    clock = ManualClock(NOW)
    tries = []
    with SmtpSink(to("person", "RCPT", Say(b"452 4.2.2 over quota\r\n"))) as sink:
        while not outbox.of(_M.EXPIRED):
            run(outbox, smtp(sink), clock=clock)
            tries.append(round((micros(clock.now()) - micros(NOW)) / MINUTE))
            clock.sleep(max(0, outbox.next_at[1] - micros(clock.now())) / 1e6)
            assert len(tries) < 30
    assert tries[0] == 0
    assert 48 * 60 <= tries[-1] <= 48 * 60 + 1
    assert sink.count("RCPT") == len(tries) - 1
    assert outbox.bounced == []


def test_a_message_that_kills_connections_is_put_aside() -> None:
    """S14, C12: the others go."""
    outbox = outbox_of(30)
    with SmtpSink(to("person7@", "DATA", DROP)) as sink:
        outcomes = run(outbox, smtp(sink), connections=2)
    assert outcomes.counts == {_M.SENT: 29, _M.DEFERRED: 1}
    assert outbox.of(_M.DEFERRED) == [7]


def test_a_server_that_closes_after_a_few_messages_is_connected_again() -> None:
    """S12: no error surfaces, nothing is sent twice."""
    outbox = outbox_of(100)
    with SmtpSink(per_connection=7) as sink:
        outcomes = run(outbox, smtp(sink), connections=3)
    assert outcomes == Outcomes({_M.SENT: 100})
    assert len({got.rcpts for got in sink.received}) == len(sink.received) == 100


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_server_that_is_away_defers_everything_after_a_few_tries() -> None:
    """S01: with growing pauses, and only one connection tries."""
    outbox = outbox_of(500)
    clock = ManualClock(NOW)
    outcomes = run(outbox, Smtp(SmtpUrl.parse(f"smtp://127.0.0.1:{refused_port()}"), 5.0), clock=clock)
    assert outcomes.counts == {_M.DEFERRED: 500}
    assert "Connection refused" in outcomes.unreachable
    assert 2.5 <= clock.monotonic() <= 3.0
    assert all(claim.attempts == 0 for claim in outbox.claims.values())
    assert all(MINUTE <= at - micros(NOW) <= 1.3 * MINUTE for at in outbox.next_at.values())


class Counting(Fake):
    """Refuses connections, and counts how often it was asked."""

    def __init__(self, error: Exception, after: int = 0) -> None:
        super().__init__()
        self.error, self.left, self.opened = error, after, 0

    def open(self):  # type: ignore[no-untyped-def] # noqa: ANN201 - as its parent
        """Open, or fail as told."""
        self.opened += 1
        self.left -= 1
        if self.left < 0:
            raise self.error
        return super().open()


def test_what_cannot_mend_itself_is_asked_once() -> None:
    """S15: a certificate that does not hold is the same a second later."""
    channel = Counting(Unreachable("the certificate does not hold", lasting=True))
    assert run(outbox_of(20), channel).unreachable == "the certificate does not hold"
    assert channel.opened == 1


def test_a_refused_login_stops_at_once() -> None:
    """S17: one bad login, nothing lost."""
    outbox, channel = outbox_of(20), Counting(LoginRefused("the mail server refuses the password: 535"))
    with pytest.raises(SendingStopped, match="535"):
        run(outbox, channel)
    assert channel.opened == 1
    assert len(outbox.of(_M.PLANNED)) == 20


class Answering:
    """A channel that asks for the mark and then gives these answers in turn, the last one again and again: a provider, without HTTP."""

    name = "answering"

    def __init__(self, *answers: Outcome) -> None:
        self._left = list(answers)

    def open(self) -> Answering:
        """Open."""
        return self

    def send(self, _mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        """Ask, and answer."""
        if not commit(lambda: None):
            return Withheld()
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]

    def close(self) -> None:
        """Do nothing."""

    abort = close


def test_a_provider_that_has_had_enough_gets_nothing_more_for_as_long_as_it_asks() -> None:
    """P01: all that wait are deferred until then, in the ledger, where every later run and other sender sees it."""
    outbox = outbox_of(40)
    outcomes = run(outbox, Answering(Accepted("1"), Deferred(429, "slow down", 1800.0, Reach.CHANNEL)), connections=1)
    assert (outcomes.counts[_M.SENT], outcomes.counts[_M.DEFERRED]) == (1, 39)
    assert outcomes.unreachable == "429 slow down"
    waits = [outbox.next_at[message] - micros(NOW) for message, state in outbox.state.items() if state is _M.DEFERRED]
    assert len(waits) == 39
    assert 30 * MINUTE <= min(waits) <= max(waits) <= 36 * MINUTE


def test_a_wish_for_a_year_is_an_hour() -> None:
    """P01."""
    outbox = outbox_of(3)
    run(outbox, Answering(Deferred(429, "slow down", 31_536_000.0, Reach.CHANNEL)), connections=1)
    assert all(60 * MINUTE <= at - micros(NOW) <= 72 * MINUTE for at in outbox.next_at.values())


def test_a_provider_that_turns_our_key_down_stops_the_dispatch() -> None:
    """P08: nothing is given up, and what was not tried is still planned."""
    outbox = outbox_of(40)
    with pytest.raises(SendingStopped, match="the provider turns us away: 401 no such key"):
        run(outbox, Answering(Accepted("1"), Deferred(401, "no such key", None, Reach.ACCOUNT)), connections=1)
    states = Counter(outbox.state.values())
    assert (states[_M.SENT], states[_M.DEFERRED], states[_M.PLANNED]) == (1, 1, 38)


def test_a_provider_that_is_not_well_is_left_alone_after_a_few() -> None:
    """S04: errors of the server with no other answer between end the dispatch; one alone does not."""
    outbox = outbox_of(40)
    outcomes = run(outbox, Answering(Deferred(503, "oh")), connections=1)
    assert outcomes.unreachable == "503 oh"
    assert sum(mark.to is _M.DEFERRED for mark in outbox.history) == 4
    flaky: list[Outcome] = [Deferred(503, "oh"), Accepted("1")] * 20
    assert run(outbox_of(40), Answering(*flaky), connections=1).unreachable == ""


def test_the_others_go_on_where_a_server_takes_few_connections() -> None:
    """S01: 421 to the third connection is no reason to defer anybody."""
    outbox = outbox_of(60)
    with SmtpSink(lambda turn: Say(b"421 too many\r\n", then="drop") if turn.phase == "connect" and turn.connection > 2 else None) as sink:
        outcomes = run(outbox, smtp(sink), connections=4)
    assert outcomes == Outcomes({_M.SENT: 60})


def test_a_server_that_greets_and_then_always_hangs_up_defers_everything() -> None:
    outbox = outbox_of(100)
    with SmtpSink(lambda turn: DROP if turn.phase == "MAIL" else None) as sink:
        outcomes = run(outbox, smtp(sink), connections=2)
    assert outcomes.unreachable
    assert outcomes.counts[_M.DEFERRED] == 100
    assert sink.connections < 100


def test_a_server_that_never_answers_a_dot_is_not_fed_for_ever() -> None:
    """R3: doubts stay few; what was not tried is deferred."""
    outbox = outbox_of(100)
    with SmtpSink(lambda turn: DROP if turn.phase == "DOT" else None) as sink:
        outcomes = run(outbox, smtp(sink), connections=2)
    assert outcomes.unreachable
    assert 5 <= len(outbox.of(_M.UNKNOWN)) <= 7
    assert len(outbox.of(_M.DEFERRED)) == 100 - len(outbox.of(_M.UNKNOWN))


def test_a_sender_refused_again_and_again_stops_the_dispatch() -> None:
    """S04: five in a row; nobody is suppressed, the rest stays planned."""
    outbox = outbox_of(400)
    with SmtpSink(to("person", "RCPT", Say(b"550 5.7.26 unauthenticated\r\n"))) as sink, pytest.raises(SendingStopped, match="as a sender") as caught:
        run(outbox, smtp(sink), connections=1)
    refused = outbox.of(_M.REFUSED)
    assert 5 <= len(refused) < 100
    assert caught.value.counts == {"refused": len(refused)}
    assert len(outbox.of(_M.PLANNED)) == 400 - len(refused)
    assert outbox.bounced == []


def test_what_cannot_be_rendered_is_refused_alone_and_tells_no_secret() -> None:
    def composing(claim: Claim, context: bytes, template: str) -> Mail:
        if claim.message == 3:
            raise RenderFailed("cart-1: there is no 'first_nmae'")
        if claim.message == 5:
            raise ZeroDivisionError(f"canary {claim.address}")
        return compose(claim, context, template)

    outbox = outbox_of(20)
    outcomes = run(outbox, Fake(), composing=composing)
    assert outcomes.counts == {_M.SENT: 18, _M.REFUSED: 2}
    reasons = {mark.message: mark.reason for mark in outbox.history if mark.reason}
    assert reasons == {3: "cannot be rendered: cart-1: there is no 'first_nmae'", 5: "cannot be rendered: ZeroDivisionError"}


def test_an_unsubscribe_after_the_claim_wins() -> None:
    """J09: the mark is refused, no dot is sent, the connection begins anew."""
    outbox = outbox_of(10)
    outbox.suppressed = {"person4@example.com"}
    with SmtpSink() as sink:
        outcomes = run(outbox, smtp(sink), connections=1)
    assert outcomes.counts == {_M.SENT: 9, _M.SUPPRESSED: 1}
    assert "person4@example.com" not in [got.rcpts[0] for got in sink.received]
    assert sink.cut_short == 1


def test_a_message_whose_time_is_over_is_held_back_at_the_last_moment() -> None:
    """DESIGN's gate: `now < not_after` is asked again right before the dot."""
    clock = ManualClock(NOW)
    outbox = MemoryOutbox([claim_of(1, not_after=micros(NOW + timedelta(minutes=1))), claim_of(2)])

    def composing(claim: Claim, context: bytes, template: str) -> Mail:
        clock.sleep(60)
        return compose(claim, context, template)

    outcomes = run(outbox, Fake(), composing=composing, clock=clock, connections=1)
    assert outcomes.counts == {_M.SENT: 1, _M.EXPIRED: 1}
    assert outbox.of(_M.EXPIRED) == [1]


@pytest.mark.parametrize("connections", [1, 2])
def test_a_message_whose_customer_has_quiet_hours_now_is_held_at_the_last_moment(connections: int) -> None:
    """DESIGN's gate: the window is asked again right before the dot; what is held is not counted as suppressed."""
    clock = ManualClock(NOW)
    outbox = MemoryOutbox([claim_of(1, open_until=micros(NOW + timedelta(minutes=1))), claim_of(2, open_until=micros(NOW + timedelta(days=1)))])

    def composing(claim: Claim, context: bytes, template: str) -> Mail:
        clock.sleep(60)
        return compose(claim, context, template)

    outcomes = run(outbox, Fake(), composing=composing, clock=clock, connections=connections)
    assert outcomes.counts == {_M.SENT: 1, _M.HELD: 1}
    assert outbox.of(_M.HELD) == [1]
    assert [mark.reason for mark in outbox.history if mark.to is _M.HELD] == ["quiet hours"]


@pytest.mark.parametrize(("nth", "ahead"), [(1, False), (2, False), (5, False), (20, False), (1, True), (2, True), (4, True)])
def test_a_ledger_that_fails_stops_everything(nth: int, *, ahead: bool) -> None:
    """K08, K09: from the failing commit on not one more final dot goes out, and the commit is not tried again."""
    outbox = outbox_of(100)
    outbox.ahead = ahead
    durable: set[int] = set()
    calls = 0

    def fail(marks: Sequence[Mark]) -> None:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise OSError(5, "Input/output error")
        durable.update(mark.message for mark in marks if mark.to is _M.COMMITTING)

    outbox.before_mark = fail
    with SmtpSink() as sink, pytest.raises(Untrusted, match="cannot be written"):
        run(outbox, smtp(sink))
    assert calls == nth
    assert {int(got.rcpts[0].removeprefix("person").partition("@")[0]) for got in sink.received} <= durable


def test_a_stop_lets_what_is_in_flight_finish() -> None:
    """C08: no new claims, nothing unknown, the rest is planned again."""
    outbox = outbox_of(500)
    stopping = threading.Event()
    with SmtpSink(on_message=lambda count: stopping.set() if count >= 20 else None) as sink:
        outcomes = run(outbox, smtp(sink), stop=stopping.is_set, clock=SystemClock())
    assert outcomes.stopped
    sent = len(sink.received)
    assert 20 <= sent < 300
    assert outcomes.counts == {_M.SENT: sent}
    assert len(outbox.of(_M.PLANNED)) == 500 - sent
    assert outcomes.released > 0


def test_once_halted_no_dot_goes_out_any_more() -> None:
    """J21: unlike a stop, it also refuses those that are at the dot; what was marked and has not left is planned again."""
    outbox = outbox_of(300)
    halting = threading.Event()
    with SmtpSink(on_message=lambda count: halting.set() if count >= 20 else None) as sink:
        outcomes = run(outbox, smtp(sink), halted=halting.is_set, clock=SystemClock(), connections=8)
        sent = len(sink.received)
    assert outcomes.stopped
    assert outcomes.counts == {_M.SENT: sent}
    assert 20 <= sent <= 20 + 2 * 8, "only the dots of the group that was on its way"
    assert len(outbox.of(_M.PLANNED)) == 300 - sent


def test_halted_from_the_start_nothing_is_claimed() -> None:
    outbox = outbox_of(3)
    with SmtpSink() as sink:
        assert run(outbox, smtp(sink), halted=lambda: True) == Outcomes({}, stopped=True)
        assert sink.connections == 0
    assert len(outbox.of(_M.PLANNED)) == 3


def test_a_stop_does_not_wait_for_ever() -> None:
    """C08: after the grace a connection is broken off; what was after its dot is unknown."""
    outbox = outbox_of(3)
    stopping = threading.Event()

    def behave(turn: Turn) -> Say | None:
        if turn.phase == "DOT":
            stopping.set()
            return Say(b"250 late\r\n", delay=1.0, keep=True)
        return None

    with SmtpSink(behave) as sink:
        outcomes = run(outbox, smtp(sink), stop=stopping.is_set, clock=SystemClock(), grace=0.2, connections=1)
    assert outcomes.counts == {_M.UNKNOWN: 1}
    assert len(outbox.of(_M.PLANNED)) == 2


def test_a_bug_in_a_line_ends_the_dispatch_aloud() -> None:
    def answer(mail: Mail) -> None:
        raise KeyError(mail.key)

    outbox = outbox_of(50)
    with pytest.raises(KeyError):
        run(outbox, Fake(answer))  # type: ignore[arg-type] # it never answers
    assert len(outbox.of(_M.PLANNED)) == 50


def test_progress_is_told() -> None:
    seen: list[dict[MessageState, int]] = []
    run(outbox_of(10), Fake(), on_progress=lambda counts: seen.append(dict(counts)))
    assert seen[-1] == {_M.SENT: 10}
